//! Keeps the process's memory to itself: no core dumps, no reading by other processes of the same person.

/// Forbids core dumps and tracing for this process. Call it once, first thing in `main`, before a secret is in memory.
///
/// # Errors
/// When the system refuses; the caller says so and goes on.
pub fn protect() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        setrlimit(
            Resource::Core,
            Rlimit {
                current: Some(0),
                maximum: Some(0),
            },
        )?;
    }
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
