//! Making pictures ready: those of the person for the network, those of others for the person's eyes.
//!
//! A picture is bytes from somebody who may mean harm. It is decoded under limits on bytes, edges, pixels and memory, one
//! at a time, and written anew: nothing of the original file, position and camera included, comes through, and what the
//! interface shows was made by our encoder. All decoders are safe Rust. Knows no chats.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, RgbImage};
use messenger::media::Picture;
use messenger::previews::MAX_PICTURE_BYTES;

/// The sender's or the person's fault: this becomes no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PictureError {
    /// More bytes than a picture may have before it is made ready.
    #[error("the picture is larger than 10 MB")]
    TooLarge,
    /// None of the formats that are read.
    #[error("this is not a JPEG, PNG, GIF or WebP picture")]
    Unknown,
    /// More pixels than we are willing to unpack.
    #[error("the picture has too many pixels; at most 50 million, 16,384 on a side")]
    TooManyPixels,
    /// It cannot be decoded.
    #[error("the picture is damaged")]
    Damaged,
}

impl PictureError {
    /// A word for programs. Stable across versions.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "picture_too_large",
            Self::Unknown => "unknown_picture",
            Self::TooManyPixels => "too_many_pixels",
            Self::Damaged => "damaged_picture",
        }
    }
}

/// Makes a picture of the person ready to be sent: upright, without metadata, at most 2,000 pixels on a side, as JPEG.
pub(crate) fn prepare(bytes: &[u8]) -> Result<Picture, PictureError> {
    let mut picture = decode(bytes)?;
    if picture.width().max(picture.height()) > LONG_SIDE {
        picture = DynamicImage::from(picture)
            .resize(LONG_SIDE, LONG_SIDE, FilterType::Triangle)
            .into_rgb8();
    }
    loop {
        let (width, height) = picture.dimensions();
        if let Some(jpeg) = fitting(&picture) {
            return Ok(Picture { jpeg, width, height });
        }
        let smaller = |side: u32| (side * 19 / 20).max(1);
        picture = image::imageops::resize(&picture, smaller(width), smaller(height), FilterType::Triangle);
    }
}

/// Makes a picture of somebody else safe to show: the same pixels, by our encoder.
pub(crate) fn show(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    let picture = decode(bytes)?;
    Ok(encode(&picture, SHOWN_QUALITY))
}

/// Makes the small picture of a preview: at most 480 pixels on a side and [`MAX_PICTURE_BYTES`].
pub(crate) fn thumbnail(bytes: &[u8]) -> Result<Picture, PictureError> {
    let mut picture = DynamicImage::from(decode(bytes)?);
    let mut side = THUMBNAIL_SIDE;
    loop {
        if picture.width().max(picture.height()) > side {
            picture = picture.resize(side, side, FilterType::Triangle);
        }
        let small = picture.to_rgb8();
        for quality in [70, 55, 40] {
            let jpeg = encode(&small, quality);
            if jpeg.len() <= MAX_PICTURE_BYTES {
                let (width, height) = small.dimensions();
                return Ok(Picture { jpeg, width, height });
            }
        }
        side = side * 3 / 4;
    }
}

/// The best quality that fits into one envelope, or else the least, if that fits into what deployed clients take.
fn fitting(picture: &RgbImage) -> Option<Vec<u8>> {
    let least = encode(picture, QUALITY.0);
    if least.len() > ONE_ENVELOPE {
        return (least.len() <= AT_MOST).then_some(least);
    }
    let (mut low, mut high, mut best) = (QUALITY.0 + 1, QUALITY.1, least);
    while low <= high {
        let middle = low.midpoint(high);
        let jpeg = encode(picture, middle);
        if jpeg.len() <= ONE_ENVELOPE {
            (low, best) = (middle + 1, jpeg);
        } else {
            high = middle - 1;
        }
    }
    Some(best)
}

/// Decodes under limits, turns the picture as its camera was held, and lays it on white.
fn decode(bytes: &[u8]) -> Result<RgbImage, PictureError> {
    if bytes.len() > MAX_INPUT {
        return Err(PictureError::TooLarge);
    }
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| PictureError::Unknown)?;
    let known = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP];
    if !reader.format().is_some_and(|format| known.contains(&format)) {
        return Err(PictureError::Unknown);
    }
    // The default of the library, for the headers; ours for the pixels.
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooManyPixels);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    decoder.set_limits(limits).map_err(damaged)?;
    let orientation = decoder
        .orientation()
        .unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(on_white(picture))
}

fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        let over = |part: u32| ((part * alpha + 255 * (255 - alpha)) / 255) as u8;
        image::Rgb([over(red), over(green), over(blue)])
    })
}

fn encode(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality)
        .encode_image(picture)
        .expect("a picture within 16,384 pixels a side is what the format holds, and memory takes it");
    jpeg
}

fn damaged(error: image::ImageError) -> PictureError {
    match error {
        image::ImageError::Limits(_) => PictureError::TooManyPixels,
        image::ImageError::Unsupported(_) => PictureError::Unknown,
        _ => PictureError::Damaged,
    }
}

/// Bytes of a picture before it is made ready; what deployed clients take.
pub(crate) const MAX_INPUT: usize = 10_000_000;
/// Pixels on a side.
const MAX_SIDE: u32 = 16_384;
/// What large cameras make. A bomb promises more.
const MAX_PIXELS: u64 = 50_000_000;
/// For one picture of that size with alpha, and the decoder's own.
const MAX_MEMORY: u64 = 300 << 20;
/// As deployed clients scale.
const LONG_SIDE: u32 = 2_000;
/// A preview is shown some 360 pixels wide.
const THUMBNAIL_SIDE: u32 = 480;
/// The least and the most that deployed clients use.
const QUALITY: (u8, u8) = (50, 80);
/// What deployed clients allow a picture that stays large.
const AT_MOST: usize = 350_000;
/// One envelope carries 148,000 bytes; the picture's message and its encryption take their part.
const ONE_ENVELOPE: usize = 140_000;
/// High enough that a second encoding is not seen.
const SHOWN_QUALITY: u8 = 90;

#[cfg(test)]
mod tests;
