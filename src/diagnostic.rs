//! Problems of input files, with file, place, label and help.
