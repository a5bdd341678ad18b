# One image for every process of Stockwell: `serve` (default), `worker`, `migrate`, and the operator's commands.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release -p stockwell --bin stockwell \
    && cp target/release/stockwell /usr/local/bin/stockwell

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin stockwell
COPY --from=build /usr/local/bin/stockwell /usr/local/bin/stockwell
USER 10001:10001
WORKDIR /tmp
ENV STOCKWELL_ADDR=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/livez"]
ENTRYPOINT ["stockwell"]
CMD ["serve"]
