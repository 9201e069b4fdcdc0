//! Is the contract with every user interface.
