//! Posts documents: alone, as a dry run, or as one of many on a batch route.
//!
//! A handler takes a [`Post`] and says which command the body makes. The key, the dry run, the response and `Location`
//! follow from that.

use std::fmt::Display;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use domain::book::Book;
use domain::refusal::{Code, Problem, Problems, Refusal};
use domain::sales::{Authority, LineInput};
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::Tx;
use service::caller::EntryMode;
use service::command::{self, Idempotency, Written};
use service::posting::{BATCH_MAX, Command, Outcome, Render, Request, Stated, dry_run};
use service::scope::Scope;
use uuid::Uuid;

use crate::access::{Access, Posts, undeclared};
use crate::body::{self, Input, Nothing, Unread};
use crate::idempotency::{IDEMPOTENCY_REPLAYED, IdempotencyKey, Preferences, of_part, respond};
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::schema::BodySchema;
use crate::{App, Caller, costs, effects, own};

mod batch;

use batch::Results;

pub use batch::{BatchIn, BatchItem, BatchOut};

/// Most documents of a batch request.
pub const BATCH_DOCUMENTS_MAX: usize = 500;

/// Renders the outcome of every command. `configure` registers it, because it knows the wire types of all areas.
#[derive(Debug)]
pub struct Rendering(pub Render);

/// A request to post, with its body unread.
pub struct Post {
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    preferences: Preferences,
    render: Render,
    posts: Posts,
    body: Unread,
}

impl FromRequest for Post {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Post::of(request, payload))
    }
}

impl Post {
    fn of(request: &HttpRequest, payload: &mut Payload) -> Result<Self, ApiError> {
        let access = request.app_data::<Data<Access>>();
        let posts = access.and_then(|access| access.posts(request));
        let rendering = request.app_data::<Data<Rendering>>();
        let rendering = rendering.ok_or_else(|| ApiError::internal("no rendering"))?;
        Ok(Post {
            app: App::of(request)?,
            caller: Caller::from_request(request, payload).into_inner()?,
            key: IdempotencyKey::from_request(request, payload).into_inner()?,
            preferences: Preferences::of(request.headers())?,
            render: rendering.0,
            posts: posts.ok_or_else(|| undeclared(request, "PostHeaders and no BatchHeaders"))?,
            body: Unread::of(request, payload),
        })
    }

    /// Posts the command of a route without input.
    pub async fn empty(self, command: Command) -> Answer {
        self.send(|_: Nothing, _| Ok(command)).await
    }

    /// Posts the command that the body makes.
    pub async fn send<In: DeserializeOwned + Send + 'static, C: Into<Stated>>(
        self,
        command: impl FnOnce(In, &Caller) -> Result<C, ApiError>,
    ) -> Answer {
        let (input, posting) = self.read::<In>().await?;
        let command = command(input, &posting.caller).map_err(|error| posting.explain(error))?;
        posting.run(command.into(), |_| None).await
    }

    /// Posts the command that the body makes. The document that it creates is found below `path`.
    pub async fn create<Id: Display + From<Uuid>, In: DeserializeOwned + Send + 'static, C: Into<Stated>>(
        self,
        path: &str,
        command: impl FnOnce(In, &Caller) -> Result<C, ApiError>,
    ) -> Answer {
        let (input, posting) = self.read::<In>().await?;
        let command = command(input, &posting.caller).map_err(|error| posting.explain(error))?;
        posting.create::<Id>(path, command).await
    }

    /// Reads the body, for a command that needs more than the body.
    pub async fn read<In: DeserializeOwned + Send + 'static>(self) -> Result<(In, Posting), ApiError> {
        let Post { app, caller, key, preferences, render, posts, body } = self;
        if posts != Posts::One {
            return Err(ApiError::internal("a route of one document declares BatchHeaders"));
        }
        let Input { value, raw, schema } = body.read().await?;
        Ok((value, Posting { app, caller, key, preferences, render, raw, schema }))
    }

    /// Posts many documents, each as the single route at `path` would. They are parsed and posted in parts, so that few are in
    /// memory in more than one form.
    pub async fn batch<In: DeserializeOwned, C: Into<Stated>>(
        self,
        path: &str,
        command: impl Fn(In, &Caller) -> Result<C, ApiError>,
    ) -> Answer {
        let Post { app, caller, preferences, render, posts, body, .. } = self;
        if posts != Posts::Many {
            return Err(ApiError::internal("a route of many documents declares PostHeaders"));
        }
        let Input { value, raw, schema } = body.read_batch::<BatchIn>().await?;
        let (items, schema, bytes) = (value.items.0, schema.posted_to(path), raw.len());
        drop(raw);
        if items.is_empty() {
            return Err(ApiError::from(Refusal::invalid(
                "/items",
                format!("Send 1 to {BATCH_DOCUMENTS_MAX} entries."),
            )));
        }
        app.rates.admit_batch(&caller, items.len(), bytes)?;
        let render = if preferences.minimal { minimal } else { render };
        let request = |item: &BatchItem| -> Result<Request, ApiError> {
            let idempotency = item.idempotency(path)?;
            let raw = item.body.get().as_bytes();
            let input = body::parse_object(raw).map_err(|error| schema.explain_unread(raw, error))?;
            let command = command(input, &caller).map_err(|error| schema.explain(raw, error))?;
            let Stated { command, wrong } = schema.complete(raw, command.into());
            let (caller, idempotency) = (caller.0.clone(), Some(idempotency));
            Ok(Request { caller, command, wrong, idempotency, entry_mode: EntryMode::Batch, render })
        };
        let mut results = Results::default();
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            let mut requests = Vec::with_capacity(BATCH_MAX);
            for item in items.by_ref().take(BATCH_MAX) {
                requests.push(request(&item));
                // A long document does not hold up the other requests of this thread.
                tokio::task::yield_now().await;
            }
            let is_wrong = |request: &Request| !request.wrong.is_empty();
            let unreadable =
                requests.iter().filter(|request| request.as_ref().map_or(true, is_wrong)).count();
            app.rates.count_unreadable_documents(&caller, unreadable);
            results.post(&app, &caller, preferences, requests).await?;
        }
        let mut response = results.respond()?;
        preferences.confirm(&mut response);
        Ok(response)
    }
}

/// A request to post, with its body read.
pub struct Posting {
    /// The state of the application.
    pub app: Data<App>,
    /// The caller.
    pub caller: Caller,
    key: IdempotencyKey,
    preferences: Preferences,
    render: Render,
    raw: actix_web::web::Bytes,
    schema: BodySchema,
}

impl Posting {
    /// Adds to a rejection everything that is wrong with the fields of the body.
    pub fn explain(&self, error: ApiError) -> ApiError {
        self.schema.explain(&self.raw, error)
    }

    /// Whether the response to this request is stored, so that no command will be carried out.
    pub async fn is_repeated(&self) -> Result<bool, ApiError> {
        if self.preferences.dry_run {
            return Ok(false);
        }
        let Idempotency { key, .. } = self.key.clone().required(&self.raw).await?;
        let read = async |tx: &service::Tx| command::is_stored(tx, &key).await;
        Ok(self.app.db.read(self.caller.tenant_id, read).await?)
    }

    /// Returns the key under which a response may be stored, for a request whose fields are judged before its key. None without a valid
    /// key, and for a dry run.
    pub async fn stored_key(&self) -> Option<String> {
        let idempotency = self.key.clone().required(&self.raw).await.ok()?;
        (!self.preferences.dry_run).then_some(idempotency.key)
    }

    /// Posts a command. The document that it creates is found below `path`.
    pub async fn create<Id: Display + From<Uuid>>(self, path: &str, command: impl Into<Stated>) -> Answer {
        self.run(command.into(), |id| Some(format!("{path}/{}", Id::from(id)))).await
    }

    /// Posts a command that creates no document of its own.
    pub async fn change(self, command: Command) -> Answer {
        self.run(command.into(), |_| None).await
    }

    /// Stores a plan under the key of the request, and posts its commands, each on its own. `work` runs in the transaction that
    /// stores the plan. `check` runs before each part of the commands, and returns those that are rejected, in their order. A
    /// repeat has the stored plan, and each accepted command its first result. Returns 207.
    pub async fn plan<P: Serialize + DeserializeOwned>(
        self,
        name: &'static str,
        plan: &P,
        work: impl AsyncFn(&Tx, &P) -> Result<(), service::Error>,
        commands: impl FnOnce(P) -> Vec<Command>,
        check: impl AsyncFn(&[Command]) -> Result<Vec<Option<Refusal>>, service::Error>,
    ) -> Answer {
        let idempotency = self.key.clone().required(&self.raw).await?;
        let body = serde_json::to_string(plan).map_err(ApiError::internal)?;
        let store = async |tx: &Tx| -> Result<Written, service::Error> {
            work(tx, plan).await?;
            Ok(Written { status: 207, body: body.clone(), ..Written::default() })
        };
        let attempt = async || match self.preferences.dry_run {
            true => command::dry_run(&self.app.db, &self.caller, &store).await,
            false => command::run(&self.app.db, &self.caller, name, Some(&idempotency), &store).await,
        };
        let mut stored = attempt().await;
        if stored.is_err() && self.is_repeated().await? {
            // The first of two equal requests was carried out meanwhile.
            stored = attempt().await;
        }
        let stored = stored.map_err(|error| self.explain(error.into()))?;
        let commands = commands(serde_json::from_str(&stored.body).map_err(ApiError::internal)?);
        let mut response = self.post_parts(&idempotency, commands, check).await?;
        if stored.replayed {
            response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        Ok(response)
    }

    /// Posts the commands of a request, each under a key of its own that follows from that of the request.
    async fn post_parts(
        &self,
        idempotency: &Idempotency,
        commands: Vec<Command>,
        check: impl AsyncFn(&[Command]) -> Result<Vec<Option<Refusal>>, service::Error>,
    ) -> Answer {
        let render = if self.preferences.minimal { minimal } else { self.render };
        let mut results = Results::default();
        let mut commands = commands.into_iter();
        let mut numbers = 1..;
        while !commands.as_slice().is_empty() {
            let part: Vec<Command> = commands.by_ref().take(BATCH_MAX).collect();
            // A dry run has stored no plan to check.
            let rejected: Vec<Option<Refusal>> = match self.preferences.dry_run {
                true => part.iter().map(|_| None).collect(),
                false => check(part.as_slice()).await?,
            };
            let request = |((command, rejected), number): ((Command, Option<Refusal>), usize)| {
                if let Some(refusal) = rejected {
                    return Err(ApiError::from(refusal));
                }
                let (caller, idempotency) = (self.caller.0.clone(), Some(of_part(idempotency, number)));
                let wrong = Problems::default();
                Ok(Request { caller, command, wrong, idempotency, entry_mode: EntryMode::Api, render })
            };
            let requests = part.into_iter().zip(rejected).zip(numbers.by_ref()).map(request).collect();
            results.post(&self.app, &self.caller, self.preferences, requests).await?;
        }
        let mut response = results.respond()?;
        self.preferences.confirm(&mut response);
        Ok(response)
    }

    async fn run(self, stated: Stated, location: impl FnOnce(Uuid) -> Option<String>) -> Answer {
        let Posting { app, caller, key, preferences, render, raw, schema } = self;
        let Stated { command, wrong } = schema.complete(&raw, stated);
        let to_customer = caller.customer_id.is_some();
        if to_customer && preferences.dry_run {
            // A dry run shows the entries of the ledger.
            return Err(ApiError::of(ErrorCode::NotPublishable).at_header("Prefer"));
        }
        let idempotency = match (key.required(&raw).await, wrong.clone().check()) {
            // The fields are wrong with any key.
            (Err(_), Err(refusal)) => return Err(refusal.into()),
            (key, _) => Some(key?),
        };
        let entry_mode = EntryMode::Api;
        let request = Request { caller: caller.0, command, wrong, idempotency, entry_mode, render };
        if preferences.dry_run {
            let dry_run = dry_run(&app.db, &app.poster, &request).await?;
            let mut response = HttpResponse::Ok().json(effects::of(&dry_run, request.caller.sees_costs()));
            preferences.confirm(&mut response);
            return Ok(response);
        }
        let sees_costs = request.caller.sees_costs();
        let answer = costs::shown(app.poster.post(request).await?, sees_costs);
        let answer = own::shown(answer, to_customer);
        let location = answer.document_id.filter(|_| answer.status == 201).and_then(location);
        Ok(respond(answer, location))
    }
}

/// Renders a document, or a problem if that fails.
pub fn rendered<T: Serialize>(status: u16, document: &T) -> (u16, String) {
    match serde_json::to_string(document) {
        Ok(body) => (status, body),
        Err(error) => refused(&Refusal::state(error.to_string())),
    }
}

/// Renders a rejection as a problem.
pub fn refused(refusal: &Refusal) -> (u16, String) {
    let error = ApiError::from(refusal.clone());
    (error.code().status().as_u16(), error.text(None))
}

/// Renders only the identity of a document, or the problem that rejected it.
fn minimal(_: &service::Caller, outcome: Result<(&Outcome, &Book), &Refusal>) -> (u16, String) {
    match outcome {
        Err(refusal) => refused(refusal),
        Ok((outcome, _)) => {
            let (kind, id) = outcome.document();
            let number = outcome.number().map(str::to_owned);
            let lines = outcome.line_count();
            rendered(201, &Minimal { id: kind.encode(id), object: kind.object(), number, lines })
        }
    }
}

/// A document in a response with `return=minimal`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Minimal {
    /// Id of the document.
    #[schema(max_length = 32, example = "sal_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Type of the document.
    #[schema(value_type = String, max_length = 32, example = "pos_sale")]
    object: &'static str,
    /// Number of the document, if it has one.
    #[schema(max_length = 64, example = "T1-2026-000001")]
    number: Option<String>,
    /// Number of lines.
    #[schema(minimum = 0, maximum = 2000, example = 3)]
    lines: usize,
}

/// Returns what the caller may do about prices.
pub fn authority(caller: &Caller) -> Authority {
    Authority {
        overrider: overrider(caller),
        discount_max: caller.discount_max(),
        below_cost: caller.scopes.contains(Scope::PricesBelowCost),
    }
}

/// Rejects an override of a price by a caller who may not, also before a replay is returned.
pub fn check_overrides(problems: &mut Problems, caller: &Caller, lines: &[LineInput]) {
    if !caller.scopes.contains(Scope::PricesOverride) {
        for (index, _) in lines.iter().enumerate().filter(|(_, line)| line.unit_price.is_some()) {
            problems.push(Problem {
                pointer: format!("/lines/{index}/unit_price"),
                code: Code::InsufficientScope,
                detail: "A unit_price needs the scope prices:override.".to_owned(),
                params: vec![("required_scope", Scope::PricesOverride.to_string())],
            });
        }
    }
}

/// Returns who overrides prices, if the caller may.
pub fn overrider(caller: &Caller) -> Option<String> {
    let kind: &str = caller.actor_kind.into();
    let may = caller.scopes.contains(Scope::PricesOverride);
    may.then(|| format!("{kind}:{}", caller.actor_id))
}
