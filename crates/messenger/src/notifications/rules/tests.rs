use super::*;

const LOUD: [Loudness; 3] = [Loudness::Off, Loudness::Quiet, Loudness::Alert];
const PLACES: [Place; 3] = [Place::OneToOne, Place::Group, Place::Crowd];
const CALLS: [Call; 3] = [Call::Nobody, Call::Us, Call::Everybody];
const NOISES: [Noise; 2] = [Noise::Normal, Noise::Muted];
const UNSEEN: Moment = Moment {
    seen: false,
    on_screen: false,
};

fn settings(one_to_one: Loudness, mention: Loudness, everyone: Loudness) -> Notifications {
    Notifications {
        one_to_one,
        mention,
        everyone,
        group: Loudness::Quiet,
        other: Loudness::Off,
        requests: Loudness::Quiet,
        events: Loudness::Alert,
        ..Notifications::default()
    }
}

fn choices() -> Vec<Option<Loudness>> {
    [None].into_iter().chain(LOUD.map(Some)).collect()
}

/// Every setting, every exception, every message, every moment.
fn every_case(mut check: impl FnMut(&Notifications, &Happening, Moment)) {
    for one_to_one in LOUD {
        for mention in LOUD {
            for everyone in LOUD {
                let settings = settings(one_to_one, mention, everyone);
                for happening in happenings() {
                    for (seen, on_screen) in [(false, false), (true, false), (false, true), (true, true)] {
                        for peace in [Peace::Reachable, Peace::DoNotDisturb] {
                            for preview in [Preview::Nothing, Preview::Name, Preview::All] {
                                let settings = Notifications {
                                    peace,
                                    preview,
                                    ..settings
                                };
                                check(&settings, &happening, Moment { seen, on_screen });
                            }
                        }
                    }
                }
            }
        }
    }
}

fn happenings() -> Vec<Happening> {
    let mut all = vec![Happening::Request];
    all.extend(NOISES.map(|noise| Happening::Event { noise }));
    for chat in PLACES {
        for call in CALLS {
            for noise in NOISES {
                for mention in choices() {
                    for everyone in choices() {
                        for other in choices() {
                            let exception = Exception {
                                mention,
                                everyone,
                                other,
                            };
                            all.push(Happening::Message {
                                chat,
                                call,
                                exception,
                                noise,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn what_holds_for_every_case() {
    let mut cases = 0_u64;
    every_case(|settings, happening, moment| {
        cases += 1;
        let shown = decide(settings, happening, moment);
        let case = (settings, happening, moment, shown);
        if moment.seen || moment.on_screen || settings.peace == Peace::DoNotDisturb {
            assert_eq!(shown, None, "{case:?}");
        }
        if let Some(shown) = shown {
            assert!(shown.loudness > Loudness::Off, "{case:?}");
            assert_eq!(shown.preview, settings.preview, "never more than was allowed: {case:?}");
        }
        match happening {
            Happening::Message { noise, .. } | Happening::Event { noise } if *noise == Noise::Muted => {
                assert_eq!(shown, None, "{case:?}");
            }
            _ => {}
        }
    });
    assert_eq!(cases, 27 * (3 + 3 * 3 * 2 * 64) * 4 * 2 * 3);
    println!("{cases} cases");
}

#[test]
fn what_was_chosen_for_a_chat_comes_before_what_was_chosen_for_all() {
    every_case(|settings, happening, moment| {
        let Happening::Message {
            call,
            exception,
            noise: Noise::Normal,
            ..
        } = happening
        else {
            return;
        };
        let chosen = match call {
            Call::Nobody => exception.other,
            Call::Us => exception.mention,
            Call::Everybody => exception.everyone,
        };
        if let (Some(chosen), true, Peace::Reachable) = (chosen, moment == UNSEEN, settings.peace) {
            let shown = decide(settings, happening, moment).map_or(Loudness::Off, |shown| shown.loudness);
            assert_eq!(shown, chosen);
        }
    });
}

#[test]
fn each_kind_has_its_own_setting() {
    let settings = Notifications {
        one_to_one: Loudness::Alert,
        group: Loudness::Quiet,
        mention: Loudness::Alert,
        everyone: Loudness::Quiet,
        other: Loudness::Off,
        requests: Loudness::Alert,
        events: Loudness::Off,
        ..Notifications::default()
    };
    let message = |chat, call| Happening::Message {
        chat,
        call,
        exception: Exception::default(),
        noise: Noise::Normal,
    };
    let loudness = |happening| decide(&settings, &happening, UNSEEN).map(|shown| shown.loudness);
    for (happening, expected) in [
        (message(Place::OneToOne, Call::Nobody), Some(Loudness::Alert)),
        (message(Place::Group, Call::Nobody), Some(Loudness::Quiet)),
        (message(Place::Group, Call::Us), Some(Loudness::Alert)),
        (message(Place::Group, Call::Everybody), Some(Loudness::Quiet)),
        (message(Place::Crowd, Call::Nobody), None),
        (message(Place::Crowd, Call::Us), Some(Loudness::Alert)),
        (Happening::Request, Some(Loudness::Alert)),
        (Happening::Event { noise: Noise::Normal }, None),
    ] {
        assert_eq!(loudness(happening), expected, "{happening:?}");
    }
}

#[test]
fn whoever_switches_mentions_off_still_hears_of_chats_that_are_on() {
    let settings = Notifications {
        mention: Loudness::Off,
        one_to_one: Loudness::Alert,
        ..Notifications::default()
    };
    let message = Happening::Message {
        chat: Place::OneToOne,
        call: Call::Us,
        exception: Exception::default(),
        noise: Noise::Normal,
    };
    assert!(decide(&settings, &message, UNSEEN).is_some());
}

#[test]
fn nothing_is_said_by_default_but_that_something_came() {
    assert_eq!(Notifications::default().preview, Preview::Nothing);
}

#[test]
fn a_call_is_ours_before_it_is_everybodys() {
    assert_eq!(call(false, true, true), Call::Nobody);
    assert_eq!(call(true, true, false), Call::Everybody);
    assert_eq!(call(true, true, true), Call::Us);
    assert_eq!(call(true, false, true), Call::Us);
    // A message in a one-to-one chat is for us without naming anybody.
    assert_eq!(call(true, false, false), Call::Us);
}
