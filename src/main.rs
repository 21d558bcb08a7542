//! The program `injdoctor`: everything is in the library beside it.

use std::process::ExitCode;

/// A sweep of a cluster is made of small texts that one thread allocates and another frees. The C library's allocator
/// takes a tenth of its time longer for that.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    injdoctor::run()
}
