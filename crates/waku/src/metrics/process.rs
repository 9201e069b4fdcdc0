//! Figures of the process, as Prometheus's own clients name them; from `/proc`, so on Linux only.

use super::{COUNTER, GAUGE, Page};

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
        page.one(
            "process_resident_memory_bytes",
            GAUGE,
            "memory that is really there",
            &[],
            resident * 1024,
        );
    }
    if let Some(virtual_memory) = kilobytes("VmSize") {
        page.one(
            "process_virtual_memory_bytes",
            GAUGE,
            "memory that was asked for",
            &[],
            virtual_memory * 1024,
        );
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        page.one(
            "process_open_fds",
            GAUGE,
            "open files and sockets",
            &[],
            open.count() as u64,
        );
    }
    if let Some(seconds) = cpu_seconds() {
        page.one("process_cpu_seconds", COUNTER, "time on a processor", &[], seconds);
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
