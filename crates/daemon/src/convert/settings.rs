//! The settings, for the API and from it.

use messenger::notifications::rules::{Exception, Loudness, Notifications, Peace, Preview};

/// The settings, for the API.
pub(crate) fn settings(settings: &messenger::Settings) -> api::Settings {
    api::Settings {
        auto_lock_minutes: settings.auto_lock_minutes,
        mode: match settings.mode {
            messenger::Mode::Relay => api::Mode::Relay,
            messenger::Mode::Light => api::Mode::Light,
        },
        share_megabytes: settings.share_megabytes,
        share_hours: settings.share_hours,
        requests_from: match settings.requests_from {
            messenger::RequestsFrom::Everyone => api::RequestsFrom::Everyone,
            messenger::RequestsFrom::GroupMembers => api::RequestsFrom::GroupMembers,
            messenger::RequestsFrom::Nobody => api::RequestsFrom::Nobody,
        },
        group_invitations_from: match settings.group_invitations_from {
            messenger::InvitationsFrom::Contacts => api::InvitationsFrom::Contacts,
            messenger::InvitationsFrom::Everyone => api::InvitationsFrom::Everyone,
        },
        profile_for: audience(settings.profile_for),
        picture_for: audience(settings.picture_for),
        pictures_of: match settings.pictures_of {
            messenger::PicturesOf::Contacts => api::PicturesOf::Contacts,
            messenger::PicturesOf::Nobody => api::PicturesOf::Nobody,
        },
        auto_backup: match settings.auto_backup {
            messenger::AutoBackup::Off => api::AutoBackup::Off,
            messenger::AutoBackup::WithoutMessages => api::AutoBackup::WithoutMessages,
            messenger::AutoBackup::WithMessages => api::AutoBackup::WithMessages,
        },
        link_previews: match settings.link_previews {
            messenger::LinkPreviews::Ask => api::LinkPreviews::Ask,
            messenger::LinkPreviews::Always => api::LinkPreviews::Always,
            messenger::LinkPreviews::Never => api::LinkPreviews::Never,
        },
        direct_files: settings.direct_files,
        notifications: notifications(&settings.notifications),
    }
}

/// The settings, from the API.
pub(crate) fn settings_from(settings: &api::Settings) -> messenger::Settings {
    messenger::Settings {
        auto_lock_minutes: settings.auto_lock_minutes,
        mode: match settings.mode {
            api::Mode::Relay => messenger::Mode::Relay,
            api::Mode::Light => messenger::Mode::Light,
        },
        share_megabytes: settings.share_megabytes,
        share_hours: settings.share_hours,
        requests_from: match settings.requests_from {
            api::RequestsFrom::Everyone => messenger::RequestsFrom::Everyone,
            api::RequestsFrom::GroupMembers => messenger::RequestsFrom::GroupMembers,
            api::RequestsFrom::Nobody => messenger::RequestsFrom::Nobody,
        },
        group_invitations_from: match settings.group_invitations_from {
            api::InvitationsFrom::Contacts => messenger::InvitationsFrom::Contacts,
            api::InvitationsFrom::Everyone => messenger::InvitationsFrom::Everyone,
        },
        profile_for: audience_from(settings.profile_for),
        picture_for: audience_from(settings.picture_for),
        pictures_of: match settings.pictures_of {
            api::PicturesOf::Contacts => messenger::PicturesOf::Contacts,
            api::PicturesOf::Nobody => messenger::PicturesOf::Nobody,
        },
        auto_backup: match settings.auto_backup {
            api::AutoBackup::Off => messenger::AutoBackup::Off,
            api::AutoBackup::WithoutMessages => messenger::AutoBackup::WithoutMessages,
            api::AutoBackup::WithMessages => messenger::AutoBackup::WithMessages,
        },
        link_previews: match settings.link_previews {
            api::LinkPreviews::Ask => messenger::LinkPreviews::Ask,
            api::LinkPreviews::Always => messenger::LinkPreviews::Always,
            api::LinkPreviews::Never => messenger::LinkPreviews::Never,
        },
        direct_files: settings.direct_files,
        notifications: notifications_from(&settings.notifications),
    }
}

/// What was chosen for one chat, for the API.
pub(crate) fn exception(exception: &Exception) -> api::ChatNotifications {
    api::ChatNotifications {
        mention: exception.mention.map(loudness),
        everyone: exception.everyone.map(loudness),
        other: exception.other.map(loudness),
    }
}

/// What was chosen for one chat, from the API.
pub(crate) fn exception_from(chosen: &api::ChatNotifications) -> Exception {
    Exception {
        mention: chosen.mention.map(loudness_from),
        everyone: chosen.everyone.map(loudness_from),
        other: chosen.other.map(loudness_from),
    }
}

fn notifications(settings: &Notifications) -> api::Notifications {
    api::Notifications {
        do_not_disturb: settings.peace == Peace::DoNotDisturb,
        preview: match settings.preview {
            Preview::Nothing => api::NotificationPreview::Nothing,
            Preview::Name => api::NotificationPreview::Name,
            Preview::All => api::NotificationPreview::All,
        },
        one_to_one: loudness(settings.one_to_one),
        group: loudness(settings.group),
        mention: loudness(settings.mention),
        everyone: loudness(settings.everyone),
        other: loudness(settings.other),
        requests: loudness(settings.requests),
        events: loudness(settings.events),
    }
}

fn notifications_from(settings: &api::Notifications) -> Notifications {
    Notifications {
        peace: match settings.do_not_disturb {
            true => Peace::DoNotDisturb,
            false => Peace::Reachable,
        },
        preview: match settings.preview {
            api::NotificationPreview::Nothing => Preview::Nothing,
            api::NotificationPreview::Name => Preview::Name,
            api::NotificationPreview::All => Preview::All,
        },
        one_to_one: loudness_from(settings.one_to_one),
        group: loudness_from(settings.group),
        mention: loudness_from(settings.mention),
        everyone: loudness_from(settings.everyone),
        other: loudness_from(settings.other),
        requests: loudness_from(settings.requests),
        events: loudness_from(settings.events),
    }
}

fn loudness(loudness: Loudness) -> api::Loudness {
    match loudness {
        Loudness::Off => api::Loudness::Off,
        Loudness::Quiet => api::Loudness::Quiet,
        Loudness::Alert => api::Loudness::Alert,
    }
}

fn loudness_from(loudness: api::Loudness) -> Loudness {
    match loudness {
        api::Loudness::Off => Loudness::Off,
        api::Loudness::Quiet => Loudness::Quiet,
        api::Loudness::Alert => Loudness::Alert,
    }
}

fn audience(audience: messenger::Audience) -> api::Audience {
    match audience {
        messenger::Audience::Everyone => api::Audience::Everyone,
        messenger::Audience::Contacts => api::Audience::Contacts,
        messenger::Audience::Nobody => api::Audience::Nobody,
    }
}

fn audience_from(audience: api::Audience) -> messenger::Audience {
    match audience {
        api::Audience::Everyone => messenger::Audience::Everyone,
        api::Audience::Contacts => messenger::Audience::Contacts,
        api::Audience::Nobody => messenger::Audience::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_both_sides_are_the_same() {
        assert_eq!(settings(&messenger::Settings::default()), api::Settings::default());
        assert_eq!(settings_from(&api::Settings::default()), messenger::Settings::default());
    }
}
