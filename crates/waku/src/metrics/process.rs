//! Figures of the process, as Prometheus's own clients name them; from `/proc`, so on Linux only.

use super::{Page, names};

pub(super) fn add(page: &mut Page) {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return;
    };
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':')
            .trim()
            .trim_end_matches(" kB")
            .parse::<u64>()
            .ok()
    };
    if let Some(resident) = kilobytes("VmRSS") {
        page.one(names::PROCESS_RESIDENT_MEMORY_BYTES, &[], resident * 1024);
    }
    if let Some(virtual_memory) = kilobytes("VmSize") {
        page.one(names::PROCESS_VIRTUAL_MEMORY_BYTES, &[], virtual_memory * 1024);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        page.one(names::PROCESS_OPEN_FDS, &[], open.count() as u64);
    }
    if let Some(seconds) = cpu_seconds() {
        page.one(names::PROCESS_CPU_SECONDS, &[], seconds);
    }
}

/// User and system time: fields 14 and 15 of `stat`, counted behind the name, which may hold anything.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(ticks as f64 / TICKS_PER_SECOND)
}

/// The unit of `/proc`, the same on every Linux that matters.
const TICKS_PER_SECOND: f64 = 100.0;
