//! Progressive filling: the max-min fair rates of some classes, while those of all others stay as they are.

use super::FlowNetwork;
use super::class::Bottleneck;
use super::link::TOLERANCE;
use super::shares::Shares;

/// Scratch memory of a trial: the classes that are shared out anew and the links that they cross.
#[derive(Debug, Default)]
pub(super) struct Filling {
    /// Number of the trial; marks its classes and links.
    pub(super) epoch: u32,
    /// Classes whose rates are open at the start of the trial.
    pub(super) free: Vec<u32>,
    pub(super) touched: Vec<TouchedLink>,
    /// The free classes that may have their caps, by these.
    caps: Vec<(u64, u32)>,
    /// Touched links by their shares, as places in `touched`; a share may have grown since.
    shares: Shares,
}

/// A link that a free class crosses.
#[derive(Debug, Clone, Copy)]
pub(super) struct TouchedLink {
    pub(super) link: u32,
    /// Bytes per second that nobody has yet.
    pub(super) left: f64,
    /// Flows whose rate is still open.
    n_open: u32,
    /// Free classes on it.
    n_free: u32,
    /// There are classes on it that are not free.
    pub(super) has_others: bool,
}

impl TouchedLink {
    fn share(&self) -> f64 {
        // The sign of a negative zero must not count: shares are compared by their bits.
        (self.left / f64::from(self.n_open)).abs()
    }
}

impl FlowNetwork {
    /// Works out rates and bottlenecks of the free classes (docs/model.md eq. 8).
    ///
    /// The link with the least capacity per open flow fixes the rate of its flows, unless classes with a lower cap come
    /// first; what is left over is shared by the rest. Bertsekas and Gallager, Data Networks (1992), section 6.5.2. Shares
    /// only grow while links are filled, so the next link is found by its share at the start, which is put right when it comes up.
    pub(super) fn fill(&mut self) {
        self.touch_links();
        self.sort_caps();
        let mut next_cap = 0;
        loop {
            let share = self.least_share();
            let limit = share.map_or(f64::INFINITY, |share| share * (1.0 + TOLERANCE));
            match self.next_capped(&mut next_cap, limit) {
                Some((class, cap)) => self.freeze(class, cap, Bottleneck::Cap),
                None => match share {
                    Some(level) => self.fill_links(level, limit),
                    None => return,
                },
            }
        }
    }

    fn touch_links(&mut self) {
        let epoch = self.filling.epoch;
        let Filling { free, touched, .. } = &mut self.filling;
        touched.clear();
        for class in free.iter() {
            let class = self.classes.get(*class);
            for link in class.links() {
                let state = &mut self.links[*link as usize];
                if state.epoch != epoch {
                    state.epoch = epoch;
                    state.place = u32::try_from(touched.len()).expect("invariant: fewer than 2^32 links");
                    touched.push(TouchedLink {
                        link: *link,
                        left: state.capacity,
                        n_open: 0,
                        n_free: 0,
                        has_others: false,
                    });
                }
                let touched = &mut touched[state.place as usize];
                touched.n_open += class.n_flows;
                touched.n_free += 1;
            }
        }
        for i in 0..self.filling.touched.len() {
            let TouchedLink { link, n_free, .. } = self.filling.touched[i];
            if (n_free as usize) < self.links[link as usize].classes.len() {
                let taken = self.taken_by_others(link);
                let touched = &mut self.filling.touched[i];
                touched.has_others = true;
                touched.left = (touched.left - taken).max(0.0);
            }
        }
        let Filling { shares, touched, .. } = &mut self.filling;
        shares.start(touched.iter().zip(0..).map(|(touched, i)| (touched.share().to_bits(), i)));
    }

    /// Returns what the classes that are not free take of a link, in bytes per second.
    fn taken_by_others(&self, link: u32) -> f64 {
        let members = self.links[link as usize].classes.iter();
        let others = members.filter(|class| !self.is_free(**class));
        others.map(|class| self.rate(*class) * f64::from(self.classes.get(*class).n_flows)).sum()
    }

    pub(super) fn is_free(&self, class: u32) -> bool {
        self.classes.get(class).trial.epoch == self.filling.epoch
    }

    fn sort_caps(&mut self) {
        let Filling { free, caps, .. } = &mut self.filling;
        caps.clear();
        for id in free.iter() {
            let class = self.classes.get_mut(*id);
            class.trial.bottleneck = Bottleneck::Unknown;
            if class.may_have_its_cap {
                caps.push((class.cap.to_bits(), *id));
            }
        }
        caps.sort_unstable();
    }

    /// Returns the least share of all links that have open flows, in bytes per second.
    fn least_share(&mut self) -> Option<f64> {
        let Filling { shares, touched, .. } = &mut self.filling;
        while let Some((noted, place)) = shares.first() {
            let link = &touched[place as usize];
            let share = link.share();
            if link.n_open > 0 && share.to_bits() <= noted {
                return Some(share);
            }
            shares.pop();
            if link.n_open > 0 {
                shares.put_back(share.to_bits(), place);
            }
        }
        None
    }

    fn next_capped(&mut self, next: &mut usize, limit: f64) -> Option<(u32, f64)> {
        while let Some((cap, class)) = self.filling.caps.get(*next) {
            let cap = f64::from_bits(*cap);
            let is_open = self.classes.get(*class).trial.bottleneck == Bottleneck::Unknown;
            if is_open && cap > limit {
                return None;
            }
            *next += 1;
            if is_open {
                return Some((*class, cap));
            }
        }
        None
    }

    /// Fixes the rate of all open classes on the links whose share is `level` or, but for rounding, the same.
    fn fill_links(&mut self, level: f64, limit: f64) {
        while let Some(share) = self.least_share()
            && share <= limit
        {
            let Some((_, place)) = self.filling.shares.pop() else { return };
            let link = self.filling.touched[place as usize].link;
            for i in 0..self.links[link as usize].classes.len() {
                let class = self.links[link as usize].classes[i];
                let is_open = self.is_free(class) && self.classes.get(class).trial.bottleneck == Bottleneck::Unknown;
                if is_open {
                    self.freeze(class, level, Bottleneck::Link(link));
                }
            }
        }
    }

    fn freeze(&mut self, id: u32, rate: f64, bottleneck: Bottleneck) {
        let class = self.classes.get_mut(id);
        class.trial.rate = rate;
        class.trial.bottleneck = bottleneck;
        let class = self.classes.get(id);
        for link in class.links() {
            let touched = &mut self.filling.touched[self.links[*link as usize].place as usize];
            touched.left = (touched.left - rate * f64::from(class.n_flows)).max(0.0);
            touched.n_open -= class.n_flows;
        }
    }
}
