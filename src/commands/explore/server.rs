//! The server: few connections, short requests, one simulation at a time; what is too much is refused at once.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::connections::{Answering, Connections};
use super::desk::{Desk, Page, Reply};
use super::guard::Guard;
use super::impatient::Impatient;
use super::turn::Turns;
use crate::failure::Failure;

/// Time for the head of a request, and for a connection to ask again.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Time to take a reply, from when the buffers of the system are full.
const REPLY_TIME: Duration = Duration::from_secs(30);
/// Longest time to read a body that nobody asked for, so that the client sees why it is refused.
const DRAIN_TIME: Duration = Duration::from_secs(2);
/// Most bytes of such a body.
const DRAIN_BYTES_MAX: usize = 16 << 20;
/// Memory for the head of a request.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// What all connections share.
struct Shared {
    guard: Guard,
    desk: Desk,
    turns: Arc<Turns>,
}

/// Serves the page until the process ends; `ready` is told the address when connections are accepted.
pub(super) fn serve(
    address: SocketAddr,
    guard: Guard,
    desk: Desk,
    ready: &dyn Fn(SocketAddr) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Usage {
        message: format!("cannot listen on {address}: {error}"),
        help: "name another port or address after --port and --bind".to_owned(),
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    // One thread simulates, with the help of one for each core.
    let runtime = runtime.worker_threads(2).max_blocking_threads(1).enable_all().build().map_err(failed)?;
    let shared = Arc::new(Shared { guard, desk, turns: Arc::default() });
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        ready(listener.local_addr().map_err(failed)?)?;
        accept(&listener, &shared).await;
        Ok(())
    })
}

/// Accepts connections.
async fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut connections = Connections::default();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.make_place();
                let answering = Answering::default();
                let task = tokio::spawn(connection(stream, Arc::clone(shared), answering.clone()));
                connections.add(task.abort_handle(), answering);
            }
            // For instance too many open files: it passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, answering: Answering) {
    let service = service_fn(move |request| answer(request, Arc::clone(&shared), answering.clone()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Impatient::new(stream, REPLY_TIME)), service);
    // A client that goes away or talks nonsense is its own problem.
    drop(connection.await);
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    answering: Answering,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_head = request.method() == Method::HEAD;
    let reply = reply(request, shared, &answering).await;
    Ok(response(reply, is_head))
}

async fn reply(request: Request<Incoming>, shared: Arc<Shared>, answering: &Answering) -> Reply {
    let (head, body) = request.into_parts();
    let checked = shared.guard.check(&head.method, &head.uri, &head.headers);
    let is_empty = hyper::body::Body::is_end_stream(&body);
    if !is_empty {
        drain(body).await;
    }
    if let Err(refused) = checked {
        return Reply::text(refused.status, refused.why);
    }
    if !is_empty {
        return Reply::text(StatusCode::PAYLOAD_TOO_LARGE, "no request to this server has a body");
    }
    let Some(page) = Page::of(head.uri.path()) else {
        return Reply::text(StatusCode::NOT_FOUND, "there is no such page; the page is at /");
    };
    let query = head.uri.query().unwrap_or_default().to_owned();
    if let Some(reply) = shared.desk.recall(page, &query) {
        return reply;
    }
    let _answered = answering.begin();
    in_turn(shared, page, query).await
}

/// Says that nobody waits for an answer, once it is dropped: hyper drops what it waits for when the client has gone.
#[derive(Default)]
struct Waiting {
    is_abandoned: Arc<AtomicBool>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.is_abandoned.store(true, Ordering::Relaxed);
    }
}

/// Simulates when it is this request's turn, or refuses if too many are waiting.
async fn in_turn(shared: Arc<Shared>, page: Page, query: String) -> Reply {
    let Some(turn) = Arc::clone(&shared.turns).take().await else {
        return Reply::text(StatusCode::SERVICE_UNAVAILABLE, "too many requests at once: ask again in a second");
    };
    let waiting = Waiting::default();
    let is_abandoned = Arc::clone(&waiting.is_abandoned);
    let worker = Arc::clone(&shared);
    let simulated = tokio::task::spawn_blocking(move || {
        // It ends with the simulation, not with the client.
        let _turn = turn;
        worker.desk.reply(page, &query, &is_abandoned)
    });
    simulated.await.unwrap_or_else(|_| internal())
}

fn internal() -> Reply {
    Reply::text(StatusCode::INTERNAL_SERVER_ERROR, "internal error: please report what you asked for")
}

/// Reads a body and forgets it, for a limited time and up to a limited size.
async fn drain(mut body: Incoming) {
    let read = async {
        let mut n_bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            n_bytes += frame.data_ref().map_or(0, Bytes::len);
            if DRAIN_BYTES_MAX < n_bytes {
                break;
            }
        }
    };
    within(DRAIN_TIME, read).await;
}

async fn within(limit: Duration, work: impl Future<Output = ()>) {
    // Not being done in time is as good.
    drop(timeout(limit, work).await);
}

fn response(reply: Reply, is_head: bool) -> Response<Full<Bytes>> {
    let length = reply.body.len();
    let body = if is_head { Bytes::new() } else { Bytes::from(reply.body) };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if reply.status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if reply.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if let Some(name) = reply.saved_as
        && let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
    {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if reply.status.is_client_error() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
