use super::*;
use crate::discovery::record::RecordContents;
use proptest::prelude::*;
use waku_proto::enr::{Capabilities, RelayShards};

/// The example of EIP-1459.
const LINK_TEXT: &str = "enrtree://AM5FCQLWIZX2QFPNJAP7VUERCCRNGRHWZG3YYHIUV7BVDQ5FDPRT2@morenodes.example.org";

fn record(number: u16) -> NodeRecord {
    RecordContents {
        sequence: u64::from(number),
        addresses: vec![format!("/ip4/192.0.2.1/tcp/{}", 1000 + number).parse().unwrap()],
        udp: Some(9000),
        capabilities: Capabilities::RELAY,
        shards: RelayShards::new(16, [32]),
    }
    .sign(&Keypair::generate_secp256k1())
    .unwrap()
}

fn tree(records: &[NodeRecord], links: &[TreeLink]) -> SignedTree {
    SignedTree::make("nodes.example.org", &Keypair::generate_secp256k1(), 7, records, links).unwrap()
}

#[test]
fn links_are_written_as_they_were_read() {
    let link: TreeLink = LINK_TEXT.parse().unwrap();
    assert_eq!(link.domain(), "morenodes.example.org");
    assert_eq!(link.to_string(), LINK_TEXT);
    for wrong in [
        "",
        "enrtree://",
        "enrtree://AM5@x.org",
        "enrtree://@x.org",
        &LINK_TEXT.replace("@", "@a b"),
    ] {
        assert_eq!(wrong.parse::<TreeLink>(), Err(TreeError::Link), "{wrong}");
    }
}

#[test]
fn the_example_of_the_specification_is_read() {
    let link: TreeLink = "enrtree://AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2@nodes.example.org"
        .parse()
        .unwrap();
    let root = "enrtree-root:v1 e=JWXYDBPXYWG6FX3GMDIBFA6CJ4 l=C7HRFPF3BLGF3YR4DY5KX3SMBE seq=1 \
                sig=o908WmNp7LibOfPsr4btQwatZJ5URBr2ZAuxvK4UWHlsB9sUOTJQaGAlLPVAhM__XJesCHxLISo94z5Z2a463gA";
    let root = Root::verify(root, &link).unwrap();
    assert_eq!(root.sequence, 1);
    assert_eq!(
        Entry::verify(LINK_TEXT, &root.links),
        Ok(Entry::Link(LINK_TEXT.parse().unwrap()))
    );
    let branch = "enrtree-branch:2XS2367YHAXJFGLZHVAWLQD4ZY,H4FHT4B454P6UXFD7JCYQ5PWDY,MHTDO6TMUBRIA2XWG5LUDACK24";
    let Ok(Entry::Branch(children)) = Entry::verify(branch, &root.records) else {
        panic!("no branch");
    };
    let record = "enr:-HW4QOFzoVLaFJnNhbgMoDXPnOvcdVuj7pDpqRvh6BRDO68aVi5ZcjB3vzQRZH2IcLBGHzo8uUN3snqmgTiE56CH3AMBgmlkgnY0iXNlY3AyNTZrMaECC2_24YYkYHEgdzxlSNKQEnHhuNAbNlMlWJxrJxbAFvA";
    assert!(matches!(Entry::verify(record, &children[0]), Ok(Entry::Record(_))));
    assert_eq!(Entry::verify(record, &children[1]), Err(TreeError::Hash));
}

#[test]
fn the_root_is_signed() {
    let tree = tree(&[record(1)], &[]);
    let root = &tree.texts["nodes.example.org"];
    assert_eq!(Root::verify(root, &tree.link).unwrap().sequence, 7);
    let forged = root.replace("seq=7", "seq=8");
    assert_eq!(Root::verify(&forged, &tree.link), Err(TreeError::Signature));
    let other: TreeLink = LINK_TEXT.parse().unwrap();
    assert_eq!(Root::verify(root, &other), Err(TreeError::Signature));
    for wrong in ["", "enrtree-root:v1", " sig=", "enrtree-root:v1 e= l= seq= sig=AAAA"] {
        assert_eq!(Root::verify(wrong, &tree.link), Err(TreeError::Root), "{wrong}");
    }
}

#[test]
fn every_text_is_found_from_the_root_and_fits() {
    let records: Vec<NodeRecord> = (0..200).map(record).collect();
    let tree = tree(&records, &[LINK_TEXT.parse().unwrap()]);
    let root = Root::verify(&tree.texts["nodes.example.org"], &tree.link).unwrap();
    let (mut found, mut links, mut reached) = (0, 0, 1);
    let mut open = vec![root.records, root.links];
    while let Some(hash) = open.pop() {
        reached += 1;
        match Entry::verify(&tree.texts[&hash.below("nodes.example.org")], &hash).unwrap() {
            Entry::Branch(children) => open.extend(children),
            Entry::Record(record) => found += usize::from(records.contains(&record)),
            Entry::Link(_) => links += 1,
            Entry::Unknown => panic!("an unknown entry"),
        }
    }
    assert_eq!((found, links, reached), (200, 1, tree.texts.len()));
    assert!(tree.texts.values().all(|text| text.len() <= 512));
}

#[test]
fn a_text_under_a_foreign_name_is_refused() {
    let text = record(1).to_string();
    assert_eq!(Entry::verify(&text, &Hash::of("else")), Err(TreeError::Hash));
    let broken = "enr:AAAA";
    assert_eq!(Entry::verify(broken, &Hash::of(broken)), Ok(Entry::Unknown));
    let branch = "enrtree-branch:NOTAHASH";
    assert_eq!(Entry::verify(branch, &Hash::of(branch)), Err(TreeError::Malformed));
}

proptest! {
    #[test]
    fn anything_can_be_read(text in ".{0,200}", prefix in 0usize..4) {
        let text = format!("{}{text}", ["", ROOT, BRANCH, LINK][prefix]);
        let link: TreeLink = LINK_TEXT.parse().unwrap();
        let _ = Root::verify(&text, &link);
        let _ = Entry::verify(&text, &Hash::of(&text));
        let _ = text.parse::<TreeLink>();
    }
}
