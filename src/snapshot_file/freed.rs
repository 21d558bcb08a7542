//! A text that is freed while it is read.

use std::io::{self, BufRead, Read};

/// Bytes that are freed at once.
const BLOCK: usize = 1 << 20;

/// A text of which nothing is left where it was read: what is made of a large one then takes its place
/// in memory.
#[derive(Debug)]
pub struct Freed {
    /// The last block first.
    blocks: Vec<Vec<u8>>,
    /// Bytes of the block in turn that were read.
    read: usize,
}

impl From<String> for Freed {
    fn from(text: String) -> Self {
        let mut rest = text.into_bytes();
        let mut blocks = Vec::new();
        // Cut off at the end, as memory can only be given back there.
        while !rest.is_empty() {
            let full_blocks = (rest.len() - 1) / BLOCK;
            blocks.push(rest.split_off(full_blocks * BLOCK));
            rest.shrink_to_fit();
        }
        Self { blocks, read: 0 }
    }
}

impl BufRead for Freed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let block = self.blocks.last().map_or(&[][..], Vec::as_slice);
        Ok(block.get(self.read..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.read += count;
        if let Some(block) = self.blocks.last()
            && self.read >= block.len()
        {
            self.blocks.pop();
            self.read = 0;
        }
    }
}

impl Read for Freed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_read_as_it_was() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK] {
            let text: String = (0..length)
                .map(|at| char::from(b'a' + (at % 25) as u8))
                .collect();
            let mut freed = Freed::from(text.clone());
            let mut read = String::new();
            freed.read_to_string(&mut read).unwrap();
            assert!(read == text, "{length} bytes");
            assert!(freed.blocks.is_empty(), "{length} bytes");
        }
    }
}
