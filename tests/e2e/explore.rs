//! `explore` over its socket: what the page asks for, and what it should not be asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

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

    /// Asks as the page does, again when the server says so, and returns how long it took to be answered.
    fn visit(&self) -> Duration {
        let since = Instant::now();
        let mut status = 503;
        while status == 503 && since.elapsed() < Duration::from_mins(1) {
            status = self.get("/answer?speed=1.5").status;
        }
        assert_eq!(status, 200);
        since.elapsed()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a time limit");
        stream
    }

    #[cfg(target_os = "linux")]
    fn n_threads(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("Threads:")).expect("its threads");
        line.trim().parse().expect("a number")
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

/// What the shortest scenario has, with the name of a machine model that can be read from anywhere.
fn short_scenario(workload: &str) -> String {
    let machine = root().join("models/dlpc-2020.toml");
    format!("format = 1\ntitle = \"short\"\nmachine = \"{}\"\nrun.ranks = [1, 2, 4]\n{workload}", machine.display())
}

#[test]
fn the_shortest_scenarios_have_a_page_answers_and_a_file_for_each_state() {
    for (workload, query) in [
        ("workload.pi = { darts = 1000, returns = \"count\" }", "darts=2000"),
        ("workload.log_stream = { items = 4, interval = \"5 s\", analysis = \"7 s\" }", "dispatch=first-free"),
        ("[[workload.custom.phases]]\ncompute.work = \"1 s\"", "speed=3"),
    ] {
        let folder = empty_folder();
        let path = folder.path().join("short.toml");
        std::fs::write(&path, short_scenario(workload)).expect("a file");
        let server = Server::start(&path.display().to_string());
        for query in ["", query, "ranks=6&noise=5&cores=2&hosts=3&latency=100"] {
            assert_eq!(server.get(&format!("/?{query}")).status, 200, "{workload} {query}");
            let page = server.get(&format!("/answer?{query}"));
            assert_eq!(page.status, 200, "{workload} {query}: {page:?}");
            let saved = server.get(&format!("/scenario.toml?{query}")).body;
            assert!(!saved.contains("placement"), "{saved}");
            std::fs::write(folder.path().join("saved.toml"), saved).expect("a file");
            succeeds(dlpc_sim().arg("check").arg(folder.path().join("saved.toml")));
        }
    }
}

#[test]
fn links_of_other_pages_open_the_page_as_the_file_says_and_in_no_other_state() {
    let server = Server::start(PI);
    let from = |site, target: &str| {
        server.request("GET", target, &format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: navigate\r\n")).status
    };
    assert_eq!(
        (from("cross-site", "/"), from("cross-site", "/?ranks=9"), from("same-site", "/?ranks=9")),
        (200, 403, 403)
    );
    assert_eq!((from("none", "/?ranks=9"), from("same-origin", "/?ranks=9")), (200, 200));
}

#[cfg(target_os = "linux")]
#[test]
fn requests_whose_clients_are_gone_take_neither_threads_nor_time() {
    let server = Server::start("scenarios/dlpc-pi-coordinates.toml");
    let cancel = |i: u32| {
        let mut stream = server.connect();
        // A state that takes a second.
        let target = format!("/answer?hosts=64&ranks=256&replications=20&speed={}", 1.0 + f64::from(i) / 1000.0);
        let _ = stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes());
        stream.set_read_timeout(Some(Duration::from_millis(5))).expect("a time limit");
        let _ = stream.read(&mut [0]);
    };
    std::thread::scope(|scope| {
        for of_thread in 0..10 {
            scope.spawn(move || (0..70).for_each(|i| cancel(70 * of_thread + i)));
        }
    });
    // The main thread, two for connections, one that simulates with the help of one for each core.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(server.n_threads() <= 4 + cores, "{} threads", server.n_threads());
    // All 700 one after the other would take minutes.
    let took = server.visit();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn silent_clients_and_those_that_never_read_keep_nobody_out() {
    let server = Server::start(PI);
    let silent: Vec<TcpStream> = (0..300).map(|_| server.connect()).collect();
    let took = server.visit();
    // The oldest connections have made place, long before the time limit for a request.
    assert_eq!((&silent[0]).read(&mut [0]).ok(), Some(0));
    drop(silent);
    let unread: Vec<TcpStream> = (0..300).map(|_| server.connect()).collect();
    for mut stream in &unread {
        let _ = stream.write_all(format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes());
    }
    let took = took.max(server.visit());
    assert!(took < Duration::from_secs(8), "{took:?}");
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
