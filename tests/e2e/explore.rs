//! `explore` over its socket: what the page asks for, and what it should not be asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::{dlpc_sim, empty_folder, root, run, succeeds};

/// A running `explore`, which ends with the value.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(scenario: &str) -> Self {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("dlpc-sim"));
        command.current_dir(root()).args(["explore", scenario]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
        Self { child, address: address.to_owned() }
    }

    /// Sends bytes and returns all that comes back.
    fn send(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        // The server may have said why and hung up before everything was sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn request(&self, method: &str, target: &str, headers: &str) -> Reply {
        let text =
            format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n", self.address);
        Reply::of(&self.send(text.as_bytes()))
    }

    fn get(&self, target: &str) -> Reply {
        self.request("GET", target, "")
    }

    fn lives(&self) -> bool {
        self.get("/answer").status == 200
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }
}

const PI: &str = "scenarios/dlpc-pi-count.toml";

#[test]
fn a_saved_scenario_gives_the_numbers_of_the_page() {
    let server = Server::start(PI);
    let query = "ranks=12&bandwidth=941&speed=2.5&noise=1";
    let page: Value = serde_json::from_str(&server.get(&format!("/answer?{query}")).body).expect("JSON");
    let saved = server.get(&format!("/scenario.toml?{query}"));
    assert!(
        saved.head.contains("content-disposition: attachment; filename=\"dlpc-pi-count-what-if.toml\""),
        "{saved:?}"
    );
    let folder = empty_folder();
    let path = folder.path().join("saved.toml");
    std::fs::write(&path, saved.body).expect("a file");
    let mut command = dlpc_sim();
    command.arg("predict").arg(path).args(["--format", "json", "--out"]).arg(folder.path());
    let predicted: Value = serde_json::from_str(&succeeds(&mut command)).expect("JSON");
    let times = |points: &Value| -> Vec<f64> {
        let points = points.as_array().expect("points").iter();
        points.map(|point| point["makespan_s"].as_f64().expect("seconds")).collect()
    };
    let (on_page, in_file) = (times(&page["numbers"]["points"]), times(&predicted["points"]));
    assert_eq!(on_page.len(), 12);
    assert_eq!(on_page, in_file);
}

#[test]
fn an_address_restores_its_state() {
    let server = Server::start(PI);
    let page = server.get("/?ranks=7");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("\"query\":\"ranks=7\""));
    let wrong = server.get("/?ranks=1000000000");
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("it is a whole number between 1 and 256"));
}

#[test]
fn foreign_names_and_other_pages_are_refused() {
    let server = Server::start(PI);
    let foreign = server.send(b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert_eq!(Reply::of(&foreign).status, 421, "{foreign}");
    assert_eq!(Reply::of(&server.send(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).status, 400);
    let cross = server.request("POST", "/answer", "Origin: http://evil.example\r\nContent-Length: 2\r\n\r\n{}");
    assert_eq!(cross.status, 403);
    assert_eq!(server.request("GET", "/answer", "Origin: null\r\n").status, 403);
    assert_eq!(server.request("POST", "/answer", "Content-Length: 0\r\n").status, 405);
    let page = server.get("/");
    for header in ["x-frame-options: deny", "x-content-type-options: nosniff", "referrer-policy: no-referrer"] {
        assert!(page.head.contains(header), "{}", page.head);
    }
    assert!(server.lives());
}

#[test]
fn a_large_body_is_refused_with_a_clear_status() {
    let server = Server::start(PI);
    let head = format!("GET /answer HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", server.address);
    let mut request = format!("{head}Content-Length: {}\r\n\r\n", 10 << 20).into_bytes();
    request.resize(request.len() + (10 << 20), b'x');
    assert_eq!(Reply::of(&server.send(&request)).status, 413);
    // A head that does not end.
    let mut request = head.into_bytes();
    request.extend(b"X-Long: ");
    request.resize(request.len() + (1 << 20), b'x');
    assert_eq!(Reply::of(&server.send(&request)).status, 431);
    assert_eq!(server.get(&format!("/answer?{}", "x".repeat(4000))).status, 414);
    assert!(server.lives());
}

#[test]
fn what_costs_too_much_or_does_not_exist_is_refused() {
    let server = Server::start("scenarios/custom-heat.toml");
    for query in ["ranks=1000000000", "ranks=-1", "ranks=NaN", "ranks=1e99", "darts=5", "ranks=%00", "speed=inf"] {
        let reply = server.get(&format!("/answer?{query}"));
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.body.starts_with("{\"problem\":"), "{reply:?}");
    }
    let reply = server.get("/answer?hosts=64&ranks=256&replications=200");
    assert_eq!(reply.status, 422);
    assert!(reply.body.contains("ask for fewer ranks or replications"), "{reply:?}");
    assert!(server.lives());
}

#[test]
fn paths_are_names_and_not_files() {
    let server = Server::start(PI);
    for path in
        ["/../Cargo.toml", "/..%2f..%2fetc/passwd", "//etc/passwd", "/scenario.toml/..", "/etc/passwd", "/?/../x"]
    {
        let reply = server.get(path);
        assert!([400, 404].contains(&reply.status), "{path}: {reply:?}");
        assert!(!reply.body.contains("root:x:") && !reply.body.contains("[package]"), "{path}");
    }
    assert!(Reply::of(&server.send(b"nonsense\r\n\r\n")).status == 400);
    assert!(server.lives());
}

#[test]
fn two_hundred_requests_at_once_are_answered_or_put_off() {
    let server = Server::start(PI);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = |i: u32| server.get(&format!("/answer?speed={}", 1.0 + f64::from(i) / 1000.0)).status;
        let threads: Vec<_> = (0..200).map(|i| scope.spawn(move || ask(i))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a reply")).collect()
    });
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&200));
    assert!(server.lives());
}

#[test]
fn a_scenario_that_is_wrong_or_a_port_that_is_taken_is_a_clear_error() {
    let ended = run(dlpc_sim().args(["explore", "models/dlpc-2020.toml"]));
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let server = Server::start(PI);
    let port = server.address.rsplit(':').next().expect("a port");
    let ended = run(dlpc_sim().args(["explore", PI, "--port", port]));
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("cannot listen on 127.0.0.1:") && ended.stderr.contains("--port"),
        "{}",
        ended.stderr
    );
}
