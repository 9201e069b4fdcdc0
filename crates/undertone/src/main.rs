//! Lets a person or a script start and use all of it.

fn main() {}
