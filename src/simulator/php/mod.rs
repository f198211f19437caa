//! What PHP does on the real server: reads parameters as forgivingly and writes JSON as oddly. Knows no calls and no
//! connections.

pub mod json;
pub mod multipart;
pub mod params;
