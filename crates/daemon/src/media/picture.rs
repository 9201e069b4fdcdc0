//! Profile pictures: from whatever a person chooses to the two files that the protocol carries, and from what others sent
//! to a file that is safe to show.
//!
//! Nothing of the original file survives but its pixels: no Exif, no position, no colour profile. Decoding is bounded in
//! pixels and memory before the first pixel is read.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits, RgbImage};

/// The two files of a profile picture, as the protocol carries them: JPEG.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProfilePicture {
    /// At most 80 pixels, 5,632 bytes.
    pub(crate) thumbnail: Vec<u8>,
    /// At most 240 pixels, 38,400 bytes.
    pub(crate) large: Vec<u8>,
}

/// The square of a picture that is to be shown, in pixels of the picture as it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crop {
    /// Its left edge.
    pub(crate) x: u32,
    /// Its upper edge.
    pub(crate) y: u32,
    /// Its width and height.
    pub(crate) side: u32,
}

/// The file is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PictureError {
    /// It is larger than [`MAX_FILE`].
    #[error("the file is larger than 10 MB; choose a smaller one")]
    TooLarge,
    /// It is no picture that we read, is damaged, or has more pixels than can be decoded safely.
    #[error("this is no picture that can be read; choose a JPEG, PNG, GIF or WebP file")]
    Unreadable,
    /// It stays too large even when compressed as far as it may be.
    #[error("the picture cannot be made small enough; choose a simpler one")]
    TooDetailed,
}

/// Makes the two files of a profile picture; without a crop, from the square in the middle.
pub(crate) fn profile_picture(file: &[u8], crop: Option<Crop>) -> Result<ProfilePicture, PictureError> {
    let seen = decode(file, &OWN)?;
    let (width, height) = (seen.width(), seen.height());
    let side = width.min(height);
    let middle = Crop {
        x: (width - side) / 2,
        y: (height - side) / 2,
        side,
    };
    let crop = crop.unwrap_or(middle);
    let fits = |start: u32, end: u32| start.checked_add(crop.side).is_some_and(|stop| stop <= end);
    if crop.side == 0 || !fits(crop.x, width) || !fits(crop.y, height) {
        return Err(PictureError::Unreadable);
    }
    let square = seen.crop_imm(crop.x, crop.y, crop.side, crop.side);
    Ok(ProfilePicture {
        thumbnail: fit(&square, &THUMBNAIL)?,
        large: fit(&square, &LARGE)?,
    })
}

/// Makes the picture of a group, from the square in the middle.
pub(crate) fn group_picture(file: &[u8]) -> Result<Vec<u8>, PictureError> {
    let seen = decode(file, &OWN)?;
    let (width, height) = (seen.width(), seen.height());
    let side = width.min(height);
    let square = seen.crop_imm((width - side) / 2, (height - side) / 2, side, side);
    fit(&square, &GROUP)
}

/// A picture of somebody else as it may be shown: decoded, scaled down if it is larger than it is ever shown, and
/// compressed anew.
pub(crate) fn shown(file: &[u8]) -> Result<Vec<u8>, PictureError> {
    let seen = decode(file, &OTHERS)?;
    let seen = match seen.width().max(seen.height()) > SHOWN_SIDE {
        true => seen.resize(SHOWN_SIDE, SHOWN_SIDE, FilterType::Triangle),
        false => seen,
    };
    compress(&flat(&seen), SHOWN_QUALITY)
}

/// How much a picture may cost to decode.
struct Bounds {
    bytes: usize,
    side: u32,
    memory: u64,
}

/// Bounds of one of the two files.
struct Target {
    side: u32,
    ideal: usize,
    most: usize,
}

fn decode(file: &[u8], bounds: &Bounds) -> Result<DynamicImage, PictureError> {
    if file.len() > bounds.bytes {
        return Err(PictureError::TooLarge);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(bounds.side);
    limits.max_image_height = Some(bounds.side);
    limits.max_alloc = Some(bounds.memory);
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|_| PictureError::Unreadable)?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| PictureError::Unreadable)?;
    // The whole picture is decoded at once, so its size in memory is known before.
    if decoder.total_bytes() > bounds.memory {
        return Err(PictureError::Unreadable);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut seen = DynamicImage::from_decoder(decoder).map_err(|_| PictureError::Unreadable)?;
    seen.apply_orientation(orientation);
    Ok(seen)
}

/// The largest quality at which the file is as small as it should be, or at least as small as it must be.
fn fit(square: &DynamicImage, target: &Target) -> Result<Vec<u8>, PictureError> {
    let scaled = flat(&square.resize_exact(target.side, target.side, FilterType::CatmullRom));
    for quality in (WORST..=BEST).rev().step_by(2) {
        let file = compress(&scaled, quality)?;
        if file.len() <= target.ideal || quality == WORST && file.len() <= target.most {
            return Ok(file);
        }
    }
    Err(PictureError::TooDetailed)
}

/// What shines through becomes white, because JPEG has nothing that shines through.
fn flat(seen: &DynamicImage) -> RgbImage {
    let seen = seen.to_rgba8();
    let mut flat = RgbImage::new(seen.width(), seen.height());
    for (from, to) in seen.pixels().zip(flat.pixels_mut()) {
        let [red, green, blue, alpha] = from.0;
        let over = |colour: u8| {
            let sum = u16::from(colour) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            (sum / 255) as u8
        };
        to.0 = [over(red), over(green), over(blue)];
    }
    flat
}

fn compress(seen: &RgbImage, quality: u8) -> Result<Vec<u8>, PictureError> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .encode_image(seen)
        .map_err(|_| PictureError::Unreadable)?;
    Ok(file)
}

/// The largest file that is taken, in bytes.
pub(crate) const MAX_FILE: usize = 10_000_000;

/// What the person in front of the device chose: a photograph of a hundred megapixels at most.
const OWN: Bounds = Bounds {
    bytes: MAX_FILE,
    side: 16_384,
    memory: 400 << 20,
};

/// What others sent: several times what deployed clients make, and no more.
const OTHERS: Bounds = Bounds {
    bytes: 256 << 10,
    side: 2_048,
    memory: 32 << 20,
};

const THUMBNAIL: Target = Target {
    side: 80,
    ideal: 2_560,
    most: 5_632,
};
const LARGE: Target = Target {
    side: 240,
    ideal: 16_384,
    most: 38_400,
};

/// All events of a group travel with every change of it, its pictures as well.
const GROUP: Target = Target {
    side: 192,
    ideal: 10_240,
    most: MAX_GROUP_PICTURE,
};
const MAX_GROUP_PICTURE: usize = messenger::groups::MAX_PICTURE_BYTES;

/// Qualities of JPEG, from the one that is tried first to the last, both even.
const BEST: u8 = 80;
const WORST: u8 = 50;

/// Twice the largest size on a screen.
const SHOWN_SIDE: u32 = 480;
const SHOWN_QUALITY: u8 = 85;

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba, RgbaImage};

    fn file(width: u32, height: u32, format: ImageFormat, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let picture = RgbaImage::from_fn(width, height, |x, y| Rgba(pixel(x, y)));
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::ImageRgba8(picture);
        let picture = match format {
            ImageFormat::Jpeg => DynamicImage::ImageRgb8(picture.to_rgb8()),
            _ => picture,
        };
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn noise(x: u32, y: u32) -> [u8; 4] {
        let mut hash = x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b);
        hash ^= hash >> 13;
        hash = hash.wrapping_mul(0xc2b2_ae35);
        [hash as u8, (hash >> 8) as u8, (hash >> 16) as u8, 255]
    }

    fn size(file: &[u8]) -> (u32, u32) {
        let read = image::load_from_memory_with_format(file, ImageFormat::Jpeg).unwrap();
        (read.width(), read.height())
    }

    #[test]
    fn both_files_have_their_size_whatever_comes_in() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
            for (width, height) in [(640, 480), (30, 500), (1, 1)] {
                let made =
                    profile_picture(&file(width, height, format, |x, y| [x as u8, y as u8, 9, 255]), None).unwrap();
                assert_eq!(
                    (size(&made.thumbnail), size(&made.large)),
                    ((80, 80), (240, 240)),
                    "{format:?}"
                );
                assert!(made.thumbnail.len() <= 5_632 && made.large.len() <= 38_400);
            }
        }
    }

    #[test]
    fn what_cannot_be_small_enough_is_refused_or_small_enough() {
        let made = profile_picture(&file(240, 240, ImageFormat::Png, noise), None);
        if let Ok(made) = made {
            assert!(made.thumbnail.len() <= 5_632 && made.large.len() <= 38_400);
        }
    }

    #[test]
    fn the_crop_chooses_what_is_seen() {
        let halves = file(200, 100, ImageFormat::Png, |x, _| {
            if x < 100 { [255, 0, 0, 255] } else { [0, 0, 255, 255] }
        });
        let seen = |crop: Crop| {
            let made = profile_picture(&halves, Some(crop)).unwrap();
            let read = image::load_from_memory(&made.large).unwrap().to_rgb8();
            let pixel = read.get_pixel(120, 120).0;
            (pixel[0] > 200, pixel[2] > 200)
        };
        assert_eq!(seen(Crop { x: 0, y: 0, side: 100 }), (true, false));
        assert_eq!(
            seen(Crop {
                x: 100,
                y: 0,
                side: 100
            }),
            (false, true)
        );
        for (x, y, side) in [(101, 0, 100), (0, 1, 100), (0, 0, 0), (u32::MAX, 0, 100)] {
            let crop = Some(Crop { x, y, side });
            assert_eq!(profile_picture(&halves, crop).map(drop), Err(PictureError::Unreadable));
        }
    }

    #[test]
    fn nothing_of_the_file_survives_but_its_pixels_and_it_stands_upright() {
        // A JPEG with an Exif segment that says "turned by 90 degrees" and carries a marker text.
        let plain = file(40, 20, ImageFormat::Jpeg, |x, _| {
            if x < 20 { [255, 255, 255, 255] } else { [0, 0, 0, 255] }
        });
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"SECRET-PLACE");
        let mut turned = plain[..2].to_vec();
        turned.extend_from_slice(&[0xff, 0xe1]);
        turned.extend_from_slice(&u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        turned.extend_from_slice(&exif);
        turned.extend_from_slice(&plain[2..]);
        assert!(turned.windows(12).any(|part| part == b"SECRET-PLACE"));
        let safe = shown(&turned).unwrap();
        assert_eq!(size(&safe), (20, 40), "it was turned");
        assert!(!safe.windows(12).any(|part| part == b"SECRET-PLACE"));
        assert!(!safe.windows(4).any(|part| part == b"Exif"));
    }

    #[test]
    fn bombs_and_garbage_are_refused_before_they_cost_anything() {
        // A PNG that says 60,000 by 60,000 pixels in some bytes.
        let mut bomb = file(1, 1, ImageFormat::Png, |_, _| [0, 0, 0, 255]);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let big = file(2_049, 1, ImageFormat::Png, |_, _| [0, 0, 0, 255]);
        for bad in [
            bomb,
            big,
            Vec::new(),
            b"\xff\xd8\xff".to_vec(),
            b"<svg/>".to_vec(),
            vec![0; 1_000],
        ] {
            assert_eq!(shown(&bad), Err(PictureError::Unreadable));
        }
        assert_eq!(shown(&vec![0; (256 << 10) + 1]), Err(PictureError::TooLarge));
        assert_eq!(
            profile_picture(&vec![0; MAX_FILE + 1], None).map(drop),
            Err(PictureError::TooLarge)
        );
    }

    #[test]
    fn what_shines_through_becomes_white() {
        let clear = file(10, 10, ImageFormat::Png, |_, _| [0, 0, 0, 0]);
        let read = image::load_from_memory(&shown(&clear).unwrap()).unwrap().to_rgb8();
        assert!(read.pixels().all(|pixel| pixel.0.iter().all(|part| *part > 250)));
    }
}
