//! Writes that move money or make clients: sent once, found again by their description, and told plainly when nobody
//! knows what came of them.
