//! Starts Chromium and speaks the Chrome `DevTools` Protocol with it.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// Names of the browser, the first that there is; `DLPC_TEST_BROWSER` comes before them.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "about:blank",
];

/// A browser with one page, which ends with the value.
pub(crate) struct Browser {
    child: Child,
    _profile: tempfile::TempDir,
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    n_calls: u64,
    events: Vec<Value>,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder for temporary files");
        let (child, address) = launch(profile.path());
        let authority = address.trim_start_matches("ws://").split('/').next().expect("an address").to_owned();
        let stream = TcpStream::connect(authority).expect("the browser listens");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a time limit");
        let (socket, _) = tungstenite::client(address.as_str(), stream).expect("the browser speaks");
        let mut this = Self { child, _profile: profile, socket, session: None, n_calls: 0, events: Vec::new() };
        let target = this.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = this.call("Target.attachToTarget", attach);
        this.session = session["sessionId"].as_str().map(ToOwned::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            this.call(&format!("{domain}.enable"), json!({}));
        }
        this.resize(1280, 900);
        this
    }

    /// Calls a method and returns its result; events that come meanwhile are kept.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.n_calls += 1;
        let id = self.n_calls;
        let mut message = json!({ "id": id, "method": method });
        message["params"] = params;
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(message.to_string())).expect("the browser lives");
        loop {
            let message = self.read();
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn read(&mut self) -> Value {
        loop {
            let message = self.socket.read().expect("the browser answers within a minute");
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }

    /// Opens an address and waits until it is loaded.
    pub(crate) fn open(&mut self, address: &str) {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": address }));
        self.wait_for(&format!("location.href.startsWith({}) && document.readyState === 'complete'", json!(address)));
    }

    /// Runs a script that leaves the page, and waits until the next one is loaded.
    pub(crate) fn leave(&mut self, script: &str) {
        self.run(&format!("setTimeout(() => {{ {script} }})"));
        self.events.clear();
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.read();
            self.events.push(event);
        }
    }

    /// Runs a script and returns its value.
    pub(crate) fn run(&mut self, script: &str) -> Value {
        let params = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let result = self.call("Runtime.evaluate", params);
        assert!(result.get("exceptionDetails").is_none(), "{script}: {result}");
        result["result"]["value"].clone()
    }

    pub(crate) fn text(&mut self, script: &str) -> String {
        self.run(script).as_str().unwrap_or_else(|| panic!("no text: {script}")).to_owned()
    }

    /// Waits until a condition holds.
    pub(crate) fn wait_for(&mut self, condition: &str) {
        let script = format!(
            "new Promise((done) => {{ const since = performance.now(); const look = () => {{
               if ({condition}) done(true); else if (performance.now() - since > 30000) done(false); else setTimeout(look, 10);
             }}; look(); }})"
        );
        assert_eq!(self.run(&script), true, "waited for {condition}");
    }

    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let is_mobile = width < 600;
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_mobile });
        self.call("Emulation.setDeviceMetricsOverride", params);
    }

    pub(crate) fn prefer(&mut self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Moves the mouse to the middle of an element.
    pub(crate) fn hover(&mut self, selector: &str) {
        let place = self.run(&format!(
            "(() => {{ const it = document.querySelector({}); it.scrollIntoView({{ block: 'center' }});
               const box = it.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            json!(selector)
        ));
        let params = json!({ "type": "mouseMoved", "x": place[0], "y": place[1] });
        self.call("Input.dispatchMouseEvent", params);
    }

    pub(crate) fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({ "type": kind, "key": key, "code": key }));
        }
    }

    pub(crate) fn click(&mut self, selector: &str) {
        self.run(&format!("document.querySelector({}).click()", json!(selector)));
    }

    /// Returns what the page complained of since it was opened.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        self.run("0");
        let is_complaint = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Log.entryAdded") => {
                ["error", "warning"].contains(&event["params"]["entry"]["level"].as_str().unwrap_or(""))
            }
            Some("Runtime.consoleAPICalled") => event["params"]["type"] != "log",
            Some(_) | None => false,
        };
        self.events.iter().filter(is_complaint).map(ToString::to_string).collect()
    }

    /// Returns what was loaded since the page was opened.
    pub(crate) fn requests(&mut self) -> Vec<String> {
        self.run("0");
        let requests = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        let address = |event: &Value| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned();
        requests.map(address).filter(|address| !address.starts_with("data:")).collect()
    }

    /// Returns a fingerprint of what a chart shows.
    pub(crate) fn picture(&mut self, chart: &str) -> String {
        self.text(&format!("document.querySelector('#{chart} canvas').toDataURL()"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the browser and returns the address that it listens on.
fn launch(profile: &std::path::Path) -> (Child, String) {
    let chosen = std::env::var("DLPC_TEST_BROWSER").ok();
    let names = chosen.as_deref().into_iter().chain(NAMES);
    let start = |name: &str| {
        let mut command = Command::new(name);
        command.arg(format!("--user-data-dir={}", profile.display())).args(FLAGS);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().ok()
    };
    let mut child = names
        .into_iter()
        .find_map(start)
        .expect("no browser: install Chromium (`make setup` does, on Debian), or name one in DLPC_TEST_BROWSER");
    let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut lines = stderr.lines().map_while(Result::ok);
    let address = lines.find_map(|line| line.strip_prefix("DevTools listening on ").map(ToOwned::to_owned));
    // Nobody reads on, and a full pipe must not stop the browser.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address.expect("the browser says where it listens"))
}
