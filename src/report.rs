//! Everything that a person or a script reads: tables, CSV, JSON and plots, as text or bytes in memory.
