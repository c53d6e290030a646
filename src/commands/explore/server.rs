//! The server: few connections, short requests, one simulation at a time; what is too much is refused at once.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::desk::{Desk, Page, Reply};
use super::guard::Guard;
use crate::failure::Failure;

/// Connections at a time.
const CONNECTIONS_MAX: usize = 256;
/// Requests that wait for their turn to simulate.
const WAITING_MAX: usize = 16;
/// Time for the head of a request, and for a connection to ask again.
const HEAD_TIME: Duration = Duration::from_secs(10);
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
    /// Whose turn it is to simulate.
    turn: Semaphore,
    /// Who may wait for it.
    queue: Semaphore,
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
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)?;
    let turn = Semaphore::new(1);
    let queue = Semaphore::new(WAITING_MAX);
    let shared = Arc::new(Shared { guard, desk, turn, queue });
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        ready(listener.local_addr().map_err(failed)?)?;
        accept(&listener, &shared).await;
        Ok(())
    })
}

/// Accepts connections; more than [`CONNECTIONS_MAX`] wait in the backlog of the system.
async fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let shared = Arc::clone(shared);
                tokio::spawn(async move {
                    connection(stream, shared).await;
                    drop(place);
                });
            }
            // For instance too many open files: it passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // A client that goes away or talks nonsense is its own problem.
    drop(connection.await);
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_head = request.method() == Method::HEAD;
    let reply = reply(request, shared).await;
    Ok(response(reply, is_head))
}

async fn reply(request: Request<Incoming>, shared: Arc<Shared>) -> Reply {
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
    in_turn(shared, page, query).await
}

/// Simulates when it is this request's turn, or refuses if too many are waiting.
async fn in_turn(shared: Arc<Shared>, page: Page, query: String) -> Reply {
    let Ok(_place) = shared.queue.try_acquire() else {
        return Reply::text(StatusCode::SERVICE_UNAVAILABLE, "too many requests at once: ask again in a second");
    };
    let Ok(_turn) = shared.turn.acquire().await else { return internal() };
    let worker = Arc::clone(&shared);
    let simulated = tokio::task::spawn_blocking(move || worker.desk.reply(page, &query));
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
