//! A Chromium without a window, for tests of pages.
//!
//! The tests speak with it over its debugging pipe, so it opens no port and needs no driver. It reaches this machine
//! only: every other request is refused, and noted.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use self::process::Process;

mod process;

/// Most browsers at once: one fills a processor while its page loads.
const BROWSERS_MAX: usize = 2;
/// Longest wait for an answer of the browser, or for a condition of a page. The machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks at a condition.
const STEP: Duration = Duration::from_millis(20);
/// axe-core, which finds barriers in a page.
const AXE: &str = include_str!("../data/axe/axe.min.js");
/// Rules that a page must keep: WCAG 2.2 AA, and axe's own.
const AXE_RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
/// Address of the own machine, at the beginning of a URL.
const NEAR: [&str; 5] = ["http://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:"];

/// A profile of a browser, with one open page. Nothing of it is left when it is dropped.
#[derive(Debug)]
pub struct Browser {
    /// There until this is dropped.
    process: Option<Process>,
    context: String,
    session: String,
    rules: Vec<Rule>,
    held: VecDeque<String>,
    /// Requests that were refused because they go to another machine.
    pub blocked: Vec<String>,
    /// Errors of the page: exceptions, console errors, violations of its policy, files that failed to load.
    pub complaints: Vec<String>,
    _seat: Seat,
}

/// A size and a kind of screen.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// Width in CSS pixels.
    pub width: u32,
    /// Whether it is a phone.
    pub is_phone: bool,
    /// Whether the system is in dark mode.
    pub is_dark: bool,
}

/// A treatment of requests whose URL or body contains a text.
#[derive(Debug)]
struct Rule {
    part: String,
    /// Status and problem of the response; held back without one.
    reply: Option<(u16, Value)>,
}

/// Places for browsers.
#[derive(Debug)]
struct Seat(usize);

static SEATS: (Mutex<usize>, Condvar) = (Mutex::new(BROWSERS_MAX), Condvar::new());

impl Seat {
    fn take(wanted: usize) -> Self {
        let (free, freed) = &SEATS;
        let free = free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = freed.wait_while(free, |free| *free < wanted).unwrap_or_else(PoisonError::into_inner);
        *free -= wanted;
        Seat(wanted)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let (free, freed) = &SEATS;
        *free.lock().unwrap_or_else(PoisonError::into_inner) += self.0;
        freed.notify_all();
    }
}

impl Browser {
    /// Opens a browser with an empty page. Waits until fewer than two others are open.
    pub fn start() -> Self {
        Browser::with(Seat::take(1))
    }

    /// Opens a browser when no other one is open, and lets none open meanwhile, for a test of time.
    pub fn alone() -> Self {
        Browser::with(Seat::take(BROWSERS_MAX))
    }

    fn with(seat: Seat) -> Self {
        let mut browser = Browser {
            process: Some(Process::take()),
            context: String::new(),
            session: String::new(),
            rules: Vec::new(),
            held: VecDeque::new(),
            blocked: Vec::new(),
            complaints: Vec::new(),
            _seat: seat,
        };
        let context = browser.call("Target.createBrowserContext", &json!({}))["browserContextId"].clone();
        let page = json!({ "url": "about:blank", "browserContextId": context });
        let target = browser.call("Target.createTarget", &page);
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach);
        browser.context = context.as_str().expect("a context").to_owned();
        browser.session = attached["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser.call("Fetch.enable", &json!({ "patterns": [{ "urlPattern": "*" }] }));
        browser
    }

    /// Calls a method of the debugging protocol and returns its result.
    #[track_caller]
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        let id = self.send(method, params);
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message =
                self.process().from.recv_timeout(left).unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            // Messages of pages that other tests have closed are dropped.
            if message["sessionId"] == self.session.as_str() {
                self.note(&message);
            }
        }
    }

    fn send(&mut self, method: &str, params: &Value) -> u64 {
        let mut message = json!({ "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.process().send(message).expect("the browser reads")
    }

    fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("a process is there until the browser is dropped")
    }

    /// Deals with a message that is no result: a request of the page, or an error.
    fn note(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Fetch.requestPaused" => self.decide(params),
            "Runtime.exceptionThrown" => {
                self.complaints.push(params["exceptionDetails"]["exception"]["description"].to_string());
            }
            "Runtime.consoleAPICalled" if params["type"] == "error" => {
                self.complaints.push(params["args"].to_string());
            }
            "Log.entryAdded" => {
                // Rejections of the API are the page's own matter. A missing file is not.
                let entry = &params["entry"];
                let url = entry["url"].as_str().unwrap_or_default();
                if entry["level"] == "error" && (entry["source"] != "network" || url.contains("/web/")) {
                    self.complaints.push(format!("{} {url}", entry["text"]));
                }
            }
            _ => {}
        }
    }

    /// Lets a request of the page through, holds it back, or replies in place of the server.
    fn decide(&mut self, params: &Value) {
        let request = &params["request"];
        let url = request["url"].as_str().unwrap_or_default();
        let id = params["requestId"].as_str().unwrap_or_default().to_owned();
        if !NEAR.iter().any(|near| url.starts_with(near)) {
            self.blocked.push(url.to_owned());
            self.send("Fetch.failRequest", &json!({ "requestId": id, "errorReason": "BlockedByClient" }));
            return;
        }
        let body = request["postData"].as_str().unwrap_or_default();
        let rule = self.rules.iter().find(|rule| url.contains(&rule.part) || body.contains(&rule.part));
        match rule.map(|rule| &rule.reply) {
            None => _ = self.send("Fetch.continueRequest", &json!({ "requestId": id })),
            Some(None) => self.held.push_back(id),
            Some(Some((status, problem))) => {
                let body = BASE64_STANDARD.encode(problem.to_string());
                let headers = json!([{ "name": "content-type", "value": "application/problem+json" }]);
                let reply = json!({ "requestId": id, "responseCode": status, "responseHeaders": headers, "body": body });
                self.send("Fetch.fulfillRequest", &reply);
            }
        }
    }

    /// Holds back requests whose URL or body contains `part`, until [`release`](Browser::release).
    pub fn hold(&mut self, part: &str) {
        self.rules.push(Rule { part: part.to_owned(), reply: None });
    }

    /// Waits until a request is held back.
    #[track_caller]
    pub fn until_held(&mut self) {
        let end = Instant::now() + PATIENCE;
        while self.held.is_empty() {
            assert!(Instant::now() < end, "no request is held back");
            // Requests of the page are noted before the result of this call.
            self.eval("0");
            thread::sleep(STEP);
        }
    }

    /// Replies with a problem to requests whose URL or body contains `part`, until [`release`](Browser::release).
    pub fn refuse(&mut self, part: &str, status: u16, problem: Value) {
        self.rules.push(Rule { part: part.to_owned(), reply: Some((status, problem)) });
    }

    /// Lets all requests through again, those that were held back too.
    pub fn release(&mut self) {
        self.rules.clear();
        while let Some(id) = self.held.pop_front() {
            self.send("Fetch.continueRequest", &json!({ "requestId": id }));
        }
    }

    /// Opens a page and waits until its files are there.
    #[track_caller]
    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", &json!({ "url": url }));
        self.until("document.readyState === 'complete'");
    }

    /// Returns the value of an expression. A promise is waited for.
    #[track_caller]
    pub fn eval(&mut self, expression: &str) -> Value {
        self.try_eval(expression).unwrap_or_else(|thrown| panic!("{expression}: {thrown}"))
    }

    fn try_eval(&mut self, expression: &str) -> Result<Value, Value> {
        let wanted = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let result = self.call("Runtime.evaluate", &wanted);
        match result.get("exceptionDetails") {
            Some(thrown) => Err(thrown.clone()),
            None => Ok(result["result"]["value"].clone()),
        }
    }

    /// Returns the value of an expression as text.
    #[track_caller]
    pub fn text(&mut self, expression: &str) -> String {
        self.eval(expression).as_str().unwrap_or_else(|| panic!("{expression} is no text")).to_owned()
    }

    /// Waits until an expression is true. A test waits in no other way.
    #[track_caller]
    pub fn until(&mut self, expression: &str) {
        let end = Instant::now() + PATIENCE;
        while self.try_eval(&format!("!!({expression})")).unwrap_or_default() != true {
            if Instant::now() > end {
                let shown = self.try_eval("document.body.innerText.slice(0, 2000)").unwrap_or_default();
                let picture =
                    self.keep_picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pages"));
                panic!("never true: {expression}\n{}\n{shown}\n{:?}", picture.display(), self.complaints);
            }
            thread::sleep(STEP);
        }
    }

    /// Changes the screen, and waits until the page is drawn on it.
    pub fn look(&mut self, screen: Screen) {
        let Screen { width, is_phone, is_dark } = screen;
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": is_phone });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = if is_dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", &media);
        // Charts take the new width once the page is drawn with it.
        self.eval("new Promise((proceed) => requestAnimationFrame(() => setTimeout(proceed)))");
    }

    /// Presses a key, named as in `KeyboardEvent.key`.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            " " => (32, " "),
            "ArrowLeft" => (37, ""),
            "ArrowRight" => (39, ""),
            _ => panic!("the code of {key} is not known here"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Writes into the field that has the focus.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// Returns the barriers that axe-core finds in the page: the rule, and the first element that breaks it.
    pub fn barriers(&mut self) -> Vec<String> {
        // A card that waits for newer figures is pale.
        self.until(
            "!document.querySelector('[data-stale]:not(:has(.failed))') && document.getAnimations().every( \
             (one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)",
        );
        if self.eval("typeof axe") == "undefined" {
            self.eval(AXE);
        }
        let run = format!(
            "axe.run({{ preload: false, resultTypes: ['violations'], runOnly: {AXE_RULES} }})\
             .then(({{ violations }}) => violations.map(({{ id, nodes }}) => \
             `${{id}} (${{nodes.length}}): ${{nodes[0].html.slice(0, 160)}} ${{nodes[0].failureSummary}}`))"
        );
        let found = self.eval(&run);
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Returns a picture of the whole page (PNG).
    pub fn picture(&mut self) -> Vec<u8> {
        let size = self.call("Page.getLayoutMetrics", &json!({}))["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.call("Page.captureScreenshot", &wanted);
        BASE64_STANDARD.decode(taken["data"].as_str().unwrap_or_default()).expect("a picture")
    }

    /// Keeps a picture of the page, named after the test and the context.
    fn keep_picture(&mut self, folder: &Path) -> PathBuf {
        let context = &self.context;
        let test = std::thread::current().name().unwrap_or_default().replace("::", ".");
        let file = folder.join(format!("{test}-{context}.png"));
        let picture = self.picture();
        let kept = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, picture));
        kept.map(|()| file).unwrap_or_default()
    }

    /// Checks at the end of a test that the page complained of nothing and asked nothing of other machines.
    #[track_caller]
    pub fn check(&mut self) {
        // What is under way is noted before the result of this call.
        self.eval("new Promise((proceed) => requestAnimationFrame(proceed))");
        assert_eq!(self.complaints, Vec::<String>::new(), "the page complains");
        if let Some(folder) = std::env::var_os("STOCKWELL_PICTURES") {
            self.keep_picture(Path::new(&folder));
        }
        assert_eq!(self.blocked, Vec::<String>::new(), "the page asks other machines");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A test that failed may leave the process in any state.
        if thread::panicking() {
            return;
        }
        let Some(mut process) = self.process.take() else { return };
        let close = json!({ "method": "Target.disposeBrowserContext", "params": { "browserContextId": self.context } });
        if process.send(close).is_ok() {
            process.give_back();
        }
    }
}
