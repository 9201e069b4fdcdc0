//! Says what Waku v2 bytes mean and what a client should do next.
