//! Texts as QR codes: drawn as a picture, for screens and paper.
//!
//! The middle level of error correction: a code on a screen is rarely damaged, and finer squares are harder to read.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// The text is longer than a QR code can hold, about 2,300 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// The code as an SVG document.
pub(crate) fn svg(text: &str) -> Result<String, TooLong> {
    let size = PIXELS_OF_SVG;
    let drawing = code(text)?
        .render::<svg::Color<'_>>()
        .min_dimensions(size, size)
        .build();
    Ok(drawing)
}

/// The code as a PNG file, with the quiet zone around it.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, TooLong> {
    let code = code(text)?;
    let modules = u32::try_from(code.width()).map_err(|_| TooLong)?;
    let side = (modules + 2 * QUIET) * SCALE;
    let picture = GrayImage::from_fn(side, side, |x, y| {
        let (column, row) = (x / SCALE, y / SCALE);
        let inside = |at: u32| (QUIET..QUIET + modules).contains(&at);
        let dark = inside(column)
            && inside(row)
            && code[((column - QUIET) as usize, (row - QUIET) as usize)] == qrcode::Color::Dark;
        Luma([if dark { 0 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("a gray picture in memory is encoded");
    Ok(bytes.into_inner())
}

fn code(text: &str) -> Result<QrCode, TooLong> {
    QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| TooLong)
}

/// What the standard wants to be white around a code, in squares.
const QUIET: u32 = 4;
/// Pixels of a square.
const SCALE: u32 = 8;
/// The drawing says this size; it can be shown in any.
const PIXELS_OF_SVG: u32 = 320;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_in_both_forms_and_only_if_it_fits() {
        let link = "https://status.app/u#zQ3shwQPhRuDJSjVGVBnTjCdgXy5i9WQaeVPdGJD6yTarJQSj";
        assert!(svg(link).unwrap().contains("<svg"));
        let picture = image::load_from_memory(&png(link).unwrap()).unwrap().to_luma8();
        assert_eq!(picture.width(), picture.height());
        let at = |column: u32, row: u32| picture.get_pixel((column + QUIET) * SCALE, (row + QUIET) * SCALE).0[0];
        // The upper left mark: a dark frame of seven, white inside it, dark in the middle; white around all.
        assert_eq!([at(0, 0), at(6, 6), at(1, 1), at(3, 3)], [0, 0, 255, 0]);
        assert_eq!(picture.get_pixel(0, 0).0, [255]);
        assert_eq!(png(&"x".repeat(3_000)), Err(TooLong));
    }
}
