// SPDX-License-Identifier: BSD-3-Clause

//! The worker of spawnbench for Rust: std::process::Command as users write it. The
//! protocol is described in bench/README.md.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::io::FromRawFd;
use std::process::{exit, Command};
use std::time::Instant;

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::Other, what)
}

/// Takes over a descriptor of the protocol. The clone is close-on-exec, the original,
/// which is not, is closed with its File.
fn protocol_file(fd: i32) -> io::Result<File> {
    unsafe { File::from_raw_fd(fd) }.try_clone()
}

fn spawn(argv: &[String]) -> io::Result<u128> {
    let start = Instant::now();
    let status = Command::new(&argv[0]).args(&argv[1..]).status()?;
    let ns = start.elapsed().as_nanos();
    if !status.success() {
        return Err(invalid(format!("the program ended with {}", status)));
    }
    Ok(ns)
}

fn serve(argv: &[String]) -> io::Result<()> {
    let requests = BufReader::new(protocol_file(3)?);
    let mut answers = protocol_file(4)?;
    for line in requests.lines() {
        let line = line?;
        let n: usize = line
            .split_whitespace()
            .nth(1)
            .and_then(|w| w.parse().ok())
            .ok_or_else(|| invalid(format!("bad request {:?}", line)))?;
        let mut ns = Vec::with_capacity(n);
        for _ in 0..n {
            ns.push(spawn(argv)?);
        }
        let words: Vec<String> = ns.iter().map(|v| v.to_string()).collect();
        answers.write_all((words.join(" ") + "\n").as_bytes())?;
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
