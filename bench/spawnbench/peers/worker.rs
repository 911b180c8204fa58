// SPDX-License-Identifier: BSD-3-Clause

//! The worker of spawnbench for Rust: std::process::Command as users write it. The
//! protocol is described in bench/INTERNALS.md.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::io::FromRawFd;
use std::process::{exit, Command};
use std::time::Instant;

/// The first starts of a request are made but not counted.
const COLD: usize = 5;

/// struct rusage of getrusage(2): two times of two longs each, then 14 counters.
#[repr(C)]
#[derive(Clone, Copy)]
struct Usage([isize; 18]);

extern "C" {
    fn getrusage(who: i32, usage: *mut Usage) -> i32;
    fn lseek(fd: i32, offset: isize, whence: i32) -> isize;
}

const FAULTS: usize = 6;
const VOLUNTARY: usize = 16;
const INVOLUNTARY: usize = 17;

fn usage() -> Usage {
    let mut u = Usage([0; 18]);
    unsafe { getrusage(0, &mut u) }; // RUSAGE_SELF: of all threads; cannot fail
    u
}

/// Words for what n starts have cost this process.
fn words(before: &Usage, after: &Usage, n: usize) -> String {
    let per = |v: f64| v / n as f64;
    let of = |i: usize| (after.0[i] - before.0[i]) as f64;
    let user = of(0) * 1e6 + of(1);
    let system = of(2) * 1e6 + of(3);
    format!(
        "vol-switches/op={:.4} invol-switches/op={:.4} faults/op={:.3} user-us/op={:.3} cpu-us/op={:.3}",
        per(of(VOLUNTARY)),
        per(of(INVOLUNTARY)),
        per(of(FAULTS)),
        per(user),
        per(user + system)
    )
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::Other, what)
}

/// Takes over a descriptor of the protocol. The clone is close-on-exec, the original,
/// which is not, is closed with its File.
fn protocol_file(fd: i32) -> io::Result<File> {
    unsafe { File::from_raw_fd(fd) }.try_clone()
}

fn spawn(argv: &[String], rewind: bool) -> io::Result<u128> {
    // Each start reads its standard input from the begin.
    if rewind && unsafe { lseek(0, 0, 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    let start = Instant::now();
    let status = Command::new(&argv[0]).args(&argv[1..]).status()?;
    let ns = start.elapsed().as_nanos();
    if !status.success() {
        return Err(invalid(format!("the program ended with {}", status)));
    }
    Ok(ns)
}

fn serve(argv: &[String]) -> io::Result<()> {
    let rewind = std::fs::metadata("/proc/self/fd/0")?.is_file();
    let requests = BufReader::new(protocol_file(3)?);
    let mut answers = protocol_file(4)?;
    for line in requests.lines() {
        let line = line?;
        let n: usize = line
            .split_whitespace()
            .nth(1)
            .and_then(|w| w.parse().ok())
            .ok_or_else(|| invalid(format!("bad request {:?}", line)))?;
        let mut list = Vec::with_capacity(n + 1);
        let mut before = usage();
        for i in 0..n {
            if i == COLD {
                before = usage();
            }
            list.push(spawn(argv, rewind)?.to_string());
        }
        if n > COLD {
            list.push(words(&before, &usage(), n - COLD));
        }
        answers.write_all((list.join(" ") + "\n").as_bytes())?;
    }
    Ok(())
}

fn main() {
    let argv: Vec<String> = std::env::args().skip(1).collect();
    if argv.is_empty() {
        eprintln!("usage: rust program [argument]...");
        exit(2);
    }
    if let Err(e) = serve(&argv) {
        eprintln!("rust: {}", e);
        exit(1);
    }
}
