use std::io::Write as _;

use image::{ExtendedColorType, ImageEncoder as _, Rgb};

use super::*;

/// A picture that does not compress well: every pixel of its own.
fn noise(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mixed = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).wrapping_mul(2_246_822_519);
        Rgb([mixed as u8, (mixed >> 8) as u8, (mixed >> 16) as u8])
    })
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(
            picture.as_raw(),
            picture.width(),
            picture.height(),
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    bytes
}

/// A JPEG of 40 × 20 pixels, its left half red, with an Exif segment: a position, and "held to the right" (6).
fn with_exif() -> Vec<u8> {
    let picture = RgbImage::from_fn(40, 20, |x, _| if x < 20 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
    let jpeg = encode(&picture, 90);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend_from_slice(b"GPS 52.5200N 13.4050E");
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend_from_slice(&[0xff, 0xe1]);
    bytes.extend_from_slice(&(exif.len() as u16 + 2).to_be_bytes());
    bytes.extend_from_slice(&exif);
    bytes.extend_from_slice(&jpeg[2..]);
    bytes
}

/// A PNG whose header promises a size, with `rows` bytes of compressed zeros.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        let mut body = kind.to_vec();
        body.extend_from_slice(data);
        bytes.write_all(&(data.len() as u32).to_be_bytes()).unwrap();
        bytes.write_all(&body).unwrap();
        bytes.write_all(&crc(&body).to_be_bytes()).unwrap();
    };
    let mut header = Vec::new();
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&height.to_be_bytes());
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    chunk(b"IHDR", &header);
    chunk(b"IDAT", &[0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1]);
    chunk(b"IEND", &[]);
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[test]
fn a_picture_comes_out_upright_and_without_its_metadata() {
    let bytes = with_exif();
    assert!(bytes.windows(3).any(|part| part == b"GPS"));
    let ready = prepare(&bytes).unwrap();
    assert_eq!((ready.width, ready.height), (20, 40), "turned as it was held");
    assert!(!ready.jpeg.windows(3).any(|part| part == b"GPS"));
    assert!(!ready.jpeg.windows(4).any(|part| part == b"Exif"));
    let shown = decode(&ready.jpeg).unwrap();
    let [red, _, blue] = shown.get_pixel(10, 5).0;
    assert!(red > 200 && blue < 60, "the left half is on top now");
    assert!(
        !show(&bytes).unwrap().windows(4).any(|part| part == b"Exif"),
        "nor do we show another's"
    );
}

#[test]
fn the_wire_takes_every_picture() {
    let flat = prepare(&png(&RgbImage::from_pixel(3_000, 1_000, Rgb([9, 120, 30])))).unwrap();
    assert_eq!((flat.width, flat.height), (2_000, 667));
    let hard = prepare(&png(&noise(1_600, 1_200))).unwrap();
    assert!(
        hard.jpeg.len() <= AT_MOST && hard.width < 1_600,
        "{} bytes",
        hard.jpeg.len()
    );
    let easy = prepare(&png(&noise(200, 200))).unwrap();
    assert_eq!((easy.width, easy.height), (200, 200));
    assert!(easy.jpeg.len() <= ONE_ENVELOPE);
}

#[test]
fn bombs_and_rubbish_are_refused() {
    assert_eq!(prepare(&bomb(60_000, 60_000)).unwrap_err(), PictureError::TooManyPixels);
    assert_eq!(prepare(&bomb(16_000, 16_000)).unwrap_err(), PictureError::TooManyPixels);
    assert_eq!(show(&bomb(u32::MAX >> 1, 1)).unwrap_err(), PictureError::TooManyPixels);
    assert_eq!(
        prepare(&bomb(1_000, 1_000)).unwrap_err(),
        PictureError::Damaged,
        "promises more than it holds"
    );
    assert_eq!(prepare(&[]).unwrap_err(), PictureError::Unknown);
    assert_eq!(
        prepare(b"<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap_err(),
        PictureError::Unknown
    );
    assert_eq!(prepare(&vec![0; MAX_INPUT + 1]).unwrap_err(), PictureError::TooLarge);
}

#[test]
fn cut_and_altered_pictures_never_panic() {
    for whole in [with_exif(), png(&noise(30, 30))] {
        for length in 0..whole.len() {
            let _ = show(&whole[..length]);
        }
        for place in (0..whole.len()).step_by(7) {
            let mut altered = whole.clone();
            altered[place] ^= 0x55;
            let _ = show(&altered);
        }
    }
}

#[test]
fn what_is_transparent_lies_on_white() {
    let clear = image::RgbaImage::from_pixel(8, 8, image::Rgba([0, 0, 0, 0]));
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(clear.as_raw(), 8, 8, ExtendedColorType::Rgba8)
        .unwrap();
    let shown = decode(&show(&bytes).unwrap()).unwrap();
    assert!(shown.get_pixel(4, 4).0.iter().all(|part| *part > 250));
}

#[test]
fn the_picture_of_a_preview_is_small_whatever_it_was() {
    for (width, height) in [(1_200, 630), (3, 2), (2_000, 20), (20, 2_000)] {
        let made = thumbnail(&png(&noise(width, height))).unwrap();
        assert!(made.jpeg.len() <= MAX_PICTURE_BYTES, "{} bytes", made.jpeg.len());
        assert!(made.width.max(made.height) <= THUMBNAIL_SIDE && made.width > 0 && made.height > 0);
        assert!(show(&made.jpeg).is_ok());
    }
    assert!(thumbnail(&bomb(60_000, 60_000)).is_err());
}

fn place_of(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|part| part == wanted).unwrap()
}

#[test]
fn each_format_that_promises_too_much_is_refused_before_it_is_unpacked() {
    let picture = noise(8, 8);
    let mut jpeg = encode(&picture, 80);
    let frame = place_of(&jpeg, &[0xff, 0xc0]);
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);

    let mut gif = Vec::new();
    image::codecs::gif::GifEncoder::new(&mut gif)
        .encode(picture.as_raw(), 8, 8, ExtendedColorType::Rgb8)
        .unwrap();
    gif[6..10].copy_from_slice(&[0xff; 4]);

    let mut webp = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut webp)
        .write_image(picture.as_raw(), 8, 8, ExtendedColorType::Rgb8)
        .unwrap();
    // Behind the signature 0x2f: width and height less one, 14 bits each.
    let size = place_of(&webp, b"VP8L") + 9;
    webp[size..size + 3].copy_from_slice(&[0xff; 3]);
    webp[size + 3] |= 0x0f;

    for bytes in [jpeg, gif, webp] {
        for made in [prepare(&bytes).err(), show(&bytes).err(), thumbnail(&bytes).err()] {
            // Some decoders have bounds of their own, below ours.
            assert!(
                matches!(made, Some(PictureError::TooManyPixels | PictureError::Damaged)),
                "{made:?}"
            );
        }
    }
}

#[test]
fn of_a_picture_with_thousands_of_frames_one_is_unpacked() {
    let mut gif = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut gif);
    for _ in 0..3_000 {
        encoder
            .encode(noise(4, 4).as_raw(), 4, 4, ExtendedColorType::Rgb8)
            .unwrap();
    }
    drop(encoder);
    let shown = show(&gif).unwrap();
    assert!(shown.starts_with(&[0xff, 0xd8, 0xff]));
    let shown = decode(&shown).unwrap();
    assert_eq!(shown.dimensions(), (4, 4));
}

#[test]
fn pictures_cut_anywhere_or_altered_anywhere_are_refused_or_shown_and_no_panic() {
    let whole = png(&noise(12, 12));
    for end in (0..whole.len()).step_by(7) {
        let _ = show(&whole[..end]);
    }
    for at in (0..whole.len()).step_by(5) {
        let mut altered = whole.clone();
        altered[at] ^= 0x55;
        let _ = (show(&altered), thumbnail(&altered));
    }
}
