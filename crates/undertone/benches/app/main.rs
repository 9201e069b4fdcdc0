//! The app from outside: real processes of the release binary on loopback, one table per question.
//!
//! `cargo bench -p undertone --bench app` asks everything and takes about ten minutes; names after `--` ask only some:
//! `paced`, `burst`, `catch-up`, `catch-up-50000`, `cold-start`, `node`, `idle`, `crowd`, `files`.
//!
//! Processor time is that of one process, user and system, as the kernel counts it, in steps of 10 ms. The figures of the
//! deployed client were taken on a machine of the same kind, at the same paces, with texts of the same length. Wall times
//! say something only on a machine that has nothing else to do; the load is printed for that.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

mod catch_up;
mod cold_start;
mod crowd;
mod files;
mod idle;
mod node;
mod people;
mod process;
mod talk;

/// One line of a table: what, the goal, the deployed client's, ours.
type Row<'a> = (&'a str, &'a str, &'a str, String);

fn main() {
    // Cargo adds `--bench`.
    let names: Vec<String> = std::env::args()
        .skip(1)
        .filter(|name| !name.starts_with("--"))
        .collect();
    let asked = |name: &str| names.is_empty() || names.iter().any(|asked| asked == name);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!(
        "load average: {}",
        std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim()
    );
    runtime.block_on(async {
        if asked("paced") {
            talk::paced().await;
        }
        if asked("burst") {
            talk::burst().await;
        }
        if asked("catch-up") {
            catch_up::catch_up(500).await;
        }
        if asked("catch-up-50000") {
            catch_up::catch_up(50_000).await;
        }
        if asked("cold-start") {
            cold_start::cold_start().await;
        }
        if asked("crowd") {
            crowd::crowd().await;
        }
        if asked("node") {
            node::memory().await;
        }
        if asked("idle") {
            idle::idle().await;
        }
        if asked("files") {
            files::files().await;
        }
    });
}

fn table(title: &str, rows: &[Row<'_>]) {
    println!("\n{title}\n  {:<44} {:>14} {:>16}   ours", "", "goal", "deployed");
    for (what, goal, deployed, ours) in rows {
        println!("  {what:<44} {goal:>14} {deployed:>16}   {ours}");
    }
}
