//! Wraps and unwraps Status messages, and knows the rules of groups and communities.
