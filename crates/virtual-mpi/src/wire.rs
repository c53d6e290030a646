//! What a rank and the simulator say to each other: frames over a Unix socket, and the calls that they stand for.

pub mod gathering;
mod place;

use std::io::{self, IoSlice, Read, Write};

pub use self::place::Place;

/// Variable of the environment that names the socket of the simulator.
pub const SOCKET: &str = "DLPC_SIM_VIRTUAL_SOCKET";
/// Variable of the environment that says which rank a process is.
pub const RANK: &str = "DLPC_SIM_VIRTUAL_RANK";

/// One message: a kind or an error class, a time, numbers, a name and bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Of a call, which one ([`Call::encode`]); of an answer, zero.
    pub kind: u64,
    /// Of a call, the CPU time in ns since the answer before; of an answer, the simulated time in ps.
    pub time: u64,
    /// Of a call, the number of the place in the program where it was made ([`Place`]); zero where that is not known.
    pub place: u32,
    /// Arguments, or results.
    pub numbers: Vec<i64>,
    /// Of a call, the name of the MPI function.
    pub name: String,
    /// Data of messages.
    pub bytes: Vec<u8>,
}

/// Words of 8 bytes before the numbers.
const HEADER_WORDS: usize = 6;
/// More than any call has: a sign that something else speaks.
const NUMBERS_MAX: u64 = 1 << 24;
const NAME_MAX: u64 = 1 << 10;
const BYTES_MAX: u64 = 1 << 36;

/// Sends a frame whose data are `bytes`; those of the frame itself are left out.
///
/// # Errors
/// Those of the stream.
pub fn send(stream: &mut impl Write, frame: &Frame, bytes: &[u8]) -> io::Result<()> {
    let mut head = Vec::with_capacity(8 * (HEADER_WORDS + frame.numbers.len()) + frame.name.len());
    let lengths = [frame.numbers.len(), frame.name.len(), bytes.len()].map(|length| length as u64);
    for word in [frame.kind, frame.time, u64::from(frame.place)].into_iter().chain(lengths) {
        head.extend(word.to_le_bytes());
    }
    for number in &frame.numbers {
        head.extend(number.to_le_bytes());
    }
    head.extend(frame.name.as_bytes());
    let mut slices = [IoSlice::new(&head), IoSlice::new(bytes)];
    let mut rest = &mut slices[..];
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match stream.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut rest, n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads a frame; none if the stream ends before it.
///
/// # Errors
/// Those of the stream, and [`io::ErrorKind::InvalidData`] if it is no frame.
pub fn receive(stream: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut header = [0; 8 * HEADER_WORDS];
    let n = first(stream, &mut header)?;
    if n == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut header[n..])?;
    let mut words = header.chunks_exact(8).map(word);
    let mut next = || words.next().unwrap_or_default();
    let (kind, time, place) = (next(), next(), u32::try_from(next()).unwrap_or(0));
    let (n_numbers, n_name, n_bytes) = (next(), next(), next());
    if n_numbers > NUMBERS_MAX || n_name > NAME_MAX || n_bytes > BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no call of the virtual MPI library"));
    }
    let numbers = read(stream, 8 * n_numbers)?.chunks_exact(8).map(|bytes| word(bytes).cast_signed()).collect();
    let name = String::from_utf8_lossy(&read(stream, n_name)?).into_owned();
    Ok(Some(Frame { kind, time, place, numbers, name, bytes: read(stream, n_bytes)? }))
}

fn first(stream: &mut impl Read, header: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(header) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn read(stream: &mut impl Read, n: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(n).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == n { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Who receives what, as the sender says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Receiver, among all ranks.
    pub to: u32,
    /// Tag.
    pub tag: u32,
    /// Context: messages of one are not seen in others.
    pub context: u32,
    /// What the send waits for: 0 standard, 1 synchronous, 2 buffered, 3 ready.
    pub mode: u32,
}

/// Which messages a receive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Sender, among all ranks; none: any.
    pub from: Option<u32>,
    /// Tag; none: any.
    pub tag: Option<u32>,
    /// Context.
    pub context: u32,
}

/// Requests that are waited for, or tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Their numbers.
    pub requests: Vec<u32>,
    /// How many have to be done.
    pub enough: Enough,
    /// Whether to wait.
    pub is_waiting: bool,
}

/// How many requests have to be done, and are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enough {
    /// One, the first.
    One,
    /// One; all that are done are told.
    Some,
    /// All.
    All,
}

/// A collective as one rank calls it. The data of the frame are what the rank contributes, its parts one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    /// Which one: see the constants of [`gathering`].
    pub kind: u32,
    /// Context of the communicator.
    pub context: u32,
    /// Root, in the communicator; 0 where there is none.
    pub root: u32,
    /// How contributions are combined, with [`Gathering::element`]; 0 where they are not.
    pub operation: u32,
    /// What is combined: see [`gathering`].
    pub element: u32,
    /// Bytes of a block, or of the vector.
    pub block: u64,
    /// Bytes to each rank, where they may differ.
    pub sends: Vec<u64>,
    /// Bytes from each rank, where they may differ and are known.
    pub recvs: Vec<u64>,
    /// Of a neighbourhood, where each send goes, and where each receive comes from.
    pub targets: Vec<Edge>,
    /// See [`Gathering::targets`].
    pub sources: Vec<Edge>,
}

/// One end of an edge between neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The neighbour, by its place in the communicator; none for nobody.
    pub place: Option<u32>,
    /// Which one of the edges between the two; the same at both ends.
    pub number: u32,
}

/// What a rank asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The first words of a process; not answered.
    Hello {
        /// Which rank it is.
        rank: u32,
    },
    /// What the number of a place stands for, before its first use; not answered. The bytes are the path of a file.
    Place(Place),
    /// `MPI_Init`: answered with the number of ranks; the bytes are the name of the host.
    Init,
    /// `MPI_Finalize`.
    Finalize,
    /// `MPI_Abort`, or an error that ends the program; the bytes say why.
    Abort {
        /// Exit code.
        code: i64,
    },
    /// A function that is not implemented.
    Refuse,
    /// What time it is.
    Time,
    /// Leave the core idle.
    Sleep {
        /// How long, in ns.
        nanos: u64,
    },
    /// Send, and wait.
    Send(Address),
    /// Receive, and wait: answered with sender, tag and data.
    Recv(Wanted),
    /// Send and receive at once, and wait for both: answered as a receive.
    Exchange(Address, Wanted),
    /// Start a send under a number of this rank.
    StartSend(u32, Address),
    /// Start a receive under a number of this rank.
    StartRecv(u32, Wanted),
    /// Wait for requests, or test them: answered for each that is done with its place, sender, tag, size of its data, the number of
    /// further numbers and these (of a collective, those of its answer); and all data.
    Complete(Completion),
    /// Look for a message: answered with sender, tag and size if it is there.
    Probe {
        /// Which one.
        wanted: Wanted,
        /// Under which number it is kept from other receives, if it is.
        keep: Option<u32>,
        /// Whether to wait for it.
        is_waiting: bool,
    },
    /// Start to receive the message that is kept under a number.
    StartMatched(u32),
    /// Let a request go on without its number.
    Free(u32),
    /// Take back a receive: answered with 1 if it had no message, else 0.
    Cancel(u32),
    /// A collective: answered with the result and the lengths of its parts.
    Gathering(Box<Gathering>),
    /// Start a collective under a number of this rank; its answer comes with the completion.
    Begin(u32, Box<Gathering>),
    /// Which ranks a context has, in their order; told by each of them before the first use.
    Define {
        /// The context.
        context: u32,
        /// Its ranks, among all.
        members: Vec<u32>,
    },
}

fn optional(number: Option<u32>) -> i64 {
    number.map_or(-1, i64::from)
}

fn with(first: u32, rest: &[i64]) -> Vec<i64> {
    std::iter::once(i64::from(first)).chain(rest.iter().copied()).collect()
}

impl Address {
    fn numbers(self) -> [i64; 4] {
        [self.to, self.tag, self.context, self.mode].map(i64::from)
    }
}

impl Wanted {
    fn numbers(self) -> [i64; 3] {
        [optional(self.from), optional(self.tag), i64::from(self.context)]
    }
}

impl Call {
    /// Returns kind and numbers of its frame.
    #[must_use]
    pub fn encode(&self) -> (u64, Vec<i64>) {
        match self {
            Self::Hello { rank } => (14, vec![i64::from(*rank)]),
            Self::Place(place) => place.encode(),
            Self::Init => (1, Vec::new()),
            Self::Finalize => (2, Vec::new()),
            Self::Abort { code } => (3, vec![*code]),
            Self::Refuse => (4, Vec::new()),
            Self::Time => (5, Vec::new()),
            Self::Sleep { nanos } => (6, vec![nanos.cast_signed()]),
            Self::Send(address) => (7, address.numbers().to_vec()),
            Self::Recv(wanted) => (8, wanted.numbers().to_vec()),
            Self::Exchange(address, wanted) => (9, [&address.numbers()[..], &wanted.numbers()[..]].concat()),
            Self::StartSend(request, address) => (10, with(*request, &address.numbers())),
            Self::StartRecv(request, wanted) => (11, with(*request, &wanted.numbers())),
            Self::Complete(Completion { requests, enough, is_waiting }) => {
                let enough = match enough {
                    Enough::One => 0,
                    Enough::Some => 1,
                    Enough::All => 2,
                };
                let requests = requests.iter().copied().map(i64::from);
                (15, [enough, i64::from(*is_waiting)].into_iter().chain(requests).collect())
            }
            Self::Probe { wanted, keep, is_waiting } => {
                (16, [&wanted.numbers()[..], &[optional(*keep), i64::from(*is_waiting)]].concat())
            }
            Self::StartMatched(request) => (17, with(*request, &[])),
            Self::Free(request) => (18, with(*request, &[])),
            Self::Cancel(request) => (19, with(*request, &[])),
            Self::Gathering(gathering) => (12, gathering.numbers()),
            Self::Begin(request, gathering) => (20, with(*request, &gathering.numbers())),
            Self::Define { context, members } => {
                (13, std::iter::once(*context).chain(members.iter().copied()).map(i64::from).collect())
            }
        }
    }

    /// Reads a frame; none if it is no call.
    #[must_use]
    pub fn decode(kind: u64, numbers: &[i64]) -> Option<Self> {
        let mut numbers = Numbers(numbers);
        let call = match kind {
            1 => Self::Init,
            2 => Self::Finalize,
            3 => Self::Abort { code: numbers.next()? },
            4 => Self::Refuse,
            5 => Self::Time,
            6 => Self::Sleep { nanos: numbers.next()?.cast_unsigned() },
            7 => Self::Send(numbers.address()?),
            8 => Self::Recv(numbers.wanted()?),
            9 => Self::Exchange(numbers.address()?, numbers.wanted()?),
            10 => Self::StartSend(numbers.u32()?, numbers.address()?),
            11 => Self::StartRecv(numbers.u32()?, numbers.wanted()?),
            12 => Self::Gathering(Box::new(numbers.gathering()?)),
            13 => {
                let context = numbers.u32()?;
                return Some(Self::Define { context, members: numbers.rest()? });
            }
            14 => Self::Hello { rank: numbers.u32()? },
            15 => {
                let enough = match numbers.next()? {
                    0 => Enough::One,
                    1 => Enough::Some,
                    2 => Enough::All,
                    _ => return None,
                };
                let is_waiting = numbers.next()? != 0;
                return Some(Self::Complete(Completion { requests: numbers.rest()?, enough, is_waiting }));
            }
            16 => {
                let (wanted, keep) = (numbers.wanted()?, numbers.next()?);
                Self::Probe { wanted, keep: u32::try_from(keep).ok(), is_waiting: numbers.next()? != 0 }
            }
            17 => Self::StartMatched(numbers.u32()?),
            18 => Self::Free(numbers.u32()?),
            19 => Self::Cancel(numbers.u32()?),
            21 | 22 => return Place::decode(kind, numbers.0).map(Self::Place),
            20 => Self::Begin(numbers.u32()?, Box::new(numbers.gathering()?)),
            _ => return None,
        };
        numbers.0.is_empty().then_some(call)
    }
}

impl Gathering {
    fn numbers(&self) -> Vec<i64> {
        let mut numbers: Vec<i64> =
            [self.kind, self.context, self.root, self.operation, self.element].map(i64::from).to_vec();
        numbers.push(self.block.cast_signed());
        for sizes in [&self.sends, &self.recvs] {
            numbers.push(i64::try_from(sizes.len()).unwrap_or(i64::MAX));
            numbers.extend(sizes.iter().map(|size| size.cast_signed()));
        }
        for edges in [&self.targets, &self.sources] {
            numbers.push(i64::try_from(edges.len()).unwrap_or(i64::MAX));
            numbers.extend(edges.iter().flat_map(|edge| [optional(edge.place), i64::from(edge.number)]));
        }
        numbers
    }
}

/// Numbers that are still to be read.
struct Numbers<'n>(&'n [i64]);

impl Numbers<'_> {
    fn next(&mut self) -> Option<i64> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn u32(&mut self) -> Option<u32> {
        u32::try_from(self.next()?).ok()
    }

    fn wanted(&mut self) -> Option<Wanted> {
        let (from, tag, context) = (self.next()?, self.next()?, self.u32()?);
        // Minus one stands for any.
        Some(Wanted { from: u32::try_from(from).ok(), tag: u32::try_from(tag).ok(), context })
    }

    /// Reads all that is left.
    fn rest(&mut self) -> Option<Vec<u32>> {
        self.0.iter().map(|number| u32::try_from(*number).ok()).collect()
    }

    fn address(&mut self) -> Option<Address> {
        let (to, tag, context) = (self.u32()?, self.u32()?, self.u32()?);
        Some(Address { to, tag, context, mode: self.u32()? })
    }

    fn sizes(&mut self) -> Option<Vec<u64>> {
        let n = usize::try_from(self.next()?).ok().filter(|n| *n <= self.0.len())?;
        let (sizes, rest) = self.0.split_at(n);
        self.0 = rest;
        Some(sizes.iter().map(|size| size.cast_unsigned()).collect())
    }

    fn gathering(&mut self) -> Option<Gathering> {
        let (kind, context, root, operation, element) =
            (self.u32()?, self.u32()?, self.u32()?, self.u32()?, self.u32()?);
        let block = self.next()?.cast_unsigned();
        let (sends, recvs) = (self.sizes()?, self.sizes()?);
        let (targets, sources) = (self.edges()?, self.edges()?);
        Some(Gathering { kind, context, root, operation, element, block, sends, recvs, targets, sources })
    }

    fn edges(&mut self) -> Option<Vec<Edge>> {
        let n = usize::try_from(self.next()?).ok().filter(|n| *n <= self.0.len())?;
        (0..n).map(|_| Some(Edge { place: u32::try_from(self.next()?).ok(), number: self.u32()? })).collect()
    }
}

#[cfg(test)]
mod tests;
