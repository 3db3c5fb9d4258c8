//! The compiled core of stream_pool: JSON bytes to records, through a pool.

mod allowance;
mod chunks;
mod compare;
mod core;
mod credit;
mod decoder;
mod digits;
mod document;
mod door;
mod echo;
mod embedded;
mod eviction;
mod fault;
mod float;
mod following;
mod frame;
mod hashing;
mod index;
mod keys;
mod layout;
mod leaving;
mod limits;
mod number;
mod object;
mod parser;
mod plain;
mod pool;
mod python;
mod quoted;
mod reader;
mod recent;
mod record;
mod shapes;
mod shorts;
mod site;
mod slab;
mod straying;
mod strings;
mod text;
mod traffic;
mod type_object;
mod unescape;
mod utf8;
mod variants;
mod walk;
mod widths;
mod window;
mod writer;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

#[pymodule(gil_used = true)]
#[pyo3(name = "_native")]
fn native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    if !object::is_main_interpreter(module.py()) {
        return Err(PyImportError::new_err("the core serves the main interpreter alone"));
    }
    module.add_class::<pool::Pool>()?;
    module.add_class::<decoder::Decoder>()?;
    module.add_function(wrap_pyfunction!(writer::dumps, module)?)?;
    module.add_function(wrap_pyfunction!(writer::default, module)?)?;
    module.add_function(wrap_pyfunction!(writer::quote, module)?)?;
    type_object::initialise(module.py(), module)
}
