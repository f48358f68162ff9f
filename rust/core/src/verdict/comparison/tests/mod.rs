//! Against closed forms, published numbers and the same by hand.

mod parts;
mod rules;

fn close(found: f64, right: f64, tolerance: f64) {
    assert!((found - right).abs() <= tolerance * right.abs(), "{found} instead of {right}");
}
