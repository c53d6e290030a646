//! Who may ask: the page itself, and whoever opens it; no other web page, and nobody under a foreign name.
//!
//! A page of another origin could otherwise use the visitor's browser to reach this server (cross-site request forgery),
//! or make its own name point to 127.0.0.1 (DNS rebinding).

use std::net::IpAddr;

use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::{Method, StatusCode, Uri};

/// Longest address; a state of all knobs takes about 300 bytes.
const TARGET_BYTES_MAX: usize = 2048;

/// Which names this server goes by.
#[derive(Debug)]
pub(super) struct Guard {
    bind: IpAddr,
    names: Vec<String>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) why: &'static str,
}

impl Refused {
    const fn new(status: StatusCode, why: &'static str) -> Self {
        Self { status, why }
    }
}

impl Guard {
    pub(super) fn new(bind: IpAddr, names: Vec<String>) -> Self {
        Self { bind, names }
    }

    /// Checks everything that is known of a request before its body.
    pub(super) fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
        let host = one(headers, &HOST).ok_or(Refused::new(StatusCode::BAD_REQUEST, "one Host header is needed"))?;
        if !self.is_own(host) {
            let why = "this server does not go by that name; see dlpc-sim explore --host-name";
            return Err(Refused::new(StatusCode::MISDIRECTED_REQUEST, why));
        }
        if !is_of_own_page(uri, headers, host) {
            let why = "requests of other web pages are refused: to open a state of the knobs that a page links to, copy its \
                       address into the address bar of the browser";
            return Err(Refused::new(StatusCode::FORBIDDEN, why));
        }
        if TARGET_BYTES_MAX < uri.to_string().len() {
            return Err(Refused::new(StatusCode::URI_TOO_LONG, "no state of this page has so long an address"));
        }
        if method != Method::GET && method != Method::HEAD {
            return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, "this server only answers GET and HEAD"));
        }
        Ok(())
    }

    fn is_own(&self, host: &str) -> bool {
        let name = without_port(host);
        let address = address_of(name);
        let is_loopback =
            name.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback());
        // An address cannot be made to point elsewhere, a name can.
        let is_address = !self.bind.is_loopback() && address.is_some();
        is_loopback || is_address || self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// Returns whether the page itself asks, or a person who opens it.
fn is_of_own_page(uri: &Uri, headers: &HeaderMap, host: &str) -> bool {
    if headers.contains_key(ORIGIN) {
        let origin = one(headers, &ORIGIN).and_then(|origin| origin.split_once("://"));
        return origin.is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host));
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    match site {
        None | Some(b"none" | b"same-origin") => true,
        // A link on another page may open this page, in a window of its own and as the file says: no simulation of its choice.
        Some(_) => {
            let is_plain = uri.path() == "/" && uri.query().is_none_or(str::is_empty);
            let navigates = headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
            is_plain && navigates && headers.get("sec-fetch-dest").is_none_or(|place| place == "document")
        }
    }
}

/// Returns the only value of a header.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok())?
}

/// Returns the address that a host name is, with brackets for one of IPv6.
fn address_of(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => v6.parse().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_on(bind: &str, method: &Method, target: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let guard = Guard::new(bind.parse().expect("an address"), vec!["login.example.org".to_owned()]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a name");
            map.append(name, value.parse().expect("a value"));
        }
        let uri = target.parse().expect("an address");
        guard.check(method, &uri, &map).err().map(|refused| refused.status.as_u16())
    }

    fn check(target: &str, headers: &[(&str, &str)]) -> Option<u16> {
        check_on("127.0.0.1", &Method::GET, target, headers)
    }

    #[test]
    fn names_of_this_host_are_known_at_any_port() {
        for host in ["127.0.0.1:8000", "localhost:9", "LOCALHOST", "[::1]:80", "127.0.0.1", "login.example.org:443"] {
            assert_eq!(check("/", &[("host", host)]), None, "{host}");
        }
    }

    #[test]
    fn foreign_names_are_refused() {
        for host in
            ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil", "10.0.0.1", "", "[::2]:80", "::1:80"]
        {
            assert_eq!(check("/", &[("host", host)]), Some(421), "{host}");
        }
        assert_eq!(check("/", &[]), Some(400));
        assert_eq!(check("/", &[("host", "localhost"), ("host", "evil.example")]), Some(400));
    }

    #[test]
    fn on_an_open_address_addresses_are_known_but_names_are_not() {
        let on = |host| check_on("0.0.0.0", &Method::GET, "/", &[("host", host)]);
        assert_eq!((on("10.1.2.3:80"), on("evil.example")), (None, Some(421)));
    }

    #[test]
    fn requests_of_other_pages_are_refused() {
        let of = |origin| check("/answer", &[("host", "localhost:80"), ("origin", origin)]);
        assert_eq!(of("http://localhost:80"), None);
        for origin in ["http://evil.example", "http://localhost:81", "null", "http://localhost:80.evil.example", ""] {
            assert_eq!(of(origin), Some(403), "{origin}");
        }
        let fetched = |site, mode, target| {
            check(target, &[("host", "localhost"), ("sec-fetch-site", site), ("sec-fetch-mode", mode)])
        };
        assert_eq!(fetched("same-origin", "cors", "/answer"), None);
        assert_eq!(fetched("none", "navigate", "/scenario.toml"), None);
        assert_eq!(fetched("cross-site", "navigate", "/"), None);
        assert_eq!(fetched("cross-site", "navigate", "/?"), None);
        assert_eq!(fetched("cross-site", "navigate", "/?ranks=256"), Some(403));
        assert_eq!(fetched("same-site", "navigate", "/?ranks=256"), Some(403));
        assert_eq!(fetched("none", "navigate", "/?ranks=256"), None);
        assert_eq!(fetched("same-origin", "navigate", "/?ranks=256"), None);
        assert_eq!(fetched("cross-site", "no-cors", "/"), Some(403));
        assert_eq!(fetched("same-site", "navigate", "/answer"), Some(403));
        let framed = [
            ("host", "localhost"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe"),
        ];
        assert_eq!(check("/", &framed), Some(403));
    }

    #[test]
    fn only_reading_is_allowed() {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::CONNECT] {
            assert_eq!(check_on("127.0.0.1", &method, "/", &[("host", "localhost")]), Some(405), "{method}");
        }
    }

    #[test]
    fn a_long_address_is_refused() {
        let target = format!("/answer?{}", "x".repeat(3000));
        assert_eq!(check(&target, &[("host", "localhost")]), Some(414));
    }
}
