//! Tells the extension what it was built for.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    for (name, variable) in [("TARGET", "TRUTHLAG_TARGET"), ("PROFILE", "TRUTHLAG_PROFILE")] {
        let value = std::env::var(name).unwrap_or_else(|_| "unknown".to_owned());
        println!("cargo::rustc-env={variable}={value}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
