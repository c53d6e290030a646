//! Closed sets of words: enums whose variants have a name in files and tables.
//!
//! The name stands beside the variant and nowhere else. What reads or writes a word asks [`Named`] for it.

/// An enum without data, each variant of which is one word.
pub trait Named: Copy + 'static {
    /// What is chosen, as the name of a type in schemas.
    const KIND: &'static str;
    /// All variants, in the order in which they are listed.
    const ALL: &'static [Self];

    /// Returns the word in files and tables.
    fn name(self) -> &'static str;

    /// Returns what schemas say of the word; none where the word says enough.
    fn meaning(self) -> Option<&'static str>;
}

/// Defines an enum, what it chooses, and its words: `Variant = "word"`, or `Variant = "word" => "What it means."`.
#[macro_export]
macro_rules! named {
    (
        $(#[$about:meta])*
        $visibility:vis enum $kind:ident as $title:literal {
            $($(#[$about_variant:meta])* $variant:ident = $name:literal $(=> $meaning:literal)?,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $kind {
            $($(#[$about_variant])* $(#[doc = $meaning])? $variant,)+
        }

        impl $kind {
            /// All of them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Returns the name in files and tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl $crate::named::Named for $kind {
            const KIND: &'static str = $title;
            const ALL: &'static [Self] = &Self::ALL;

            fn name(self) -> &'static str {
                self.name()
            }

            fn meaning(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => None$(.or(Some($meaning)))?,)+
                }
            }
        }
    };
}
