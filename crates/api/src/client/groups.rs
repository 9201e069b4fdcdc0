//! Private groups.

use hyper::Method;

use super::{Client, ClientError, NOTHING, path};
use crate::{Accepted, AddMembers, AskToJoin, ChangeGroup, CreateGroup, Group, GroupEvent, GroupRequest, Receipt};

impl Client {
    /// Founds a group.
    pub async fn create_group(&self, profile: &str, body: &CreateGroup) -> Result<Group, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "groups"]), Some(body))
            .await
    }

    /// One group.
    pub async fn group(&self, profile: &str, group: &str) -> Result<Group, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "groups", group]), NOTHING)
            .await
    }

    /// Invitations of strangers that wait for an answer.
    pub async fn group_invitations(&self, profile: &str) -> Result<Vec<Group>, ClientError> {
        let target = path(&["profiles", profile, "group-invitations"]);
        self.send(Method::GET, &target, NOTHING).await
    }

    /// Requests to be let into groups that nobody has answered.
    pub async fn group_requests(&self, profile: &str) -> Result<Vec<GroupRequest>, ClientError> {
        let target = path(&["profiles", profile, "group-requests"]);
        self.send(Method::GET, &target, NOTHING).await
    }

    /// Asks to be let into a group.
    pub async fn ask_to_join(&self, profile: &str, body: &AskToJoin) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "group-requests"]);
        self.send(Method::POST, &target, Some(body)).await
    }

    /// Changes the name or the colour.
    pub async fn change_group(&self, profile: &str, group: &str, body: &ChangeGroup) -> Result<Group, ClientError> {
        let target = path(&["profiles", profile, "groups", group]);
        self.send(Method::PATCH, &target, Some(body)).await
    }

    /// Replaces the picture by this image file, cut to a square.
    pub async fn set_group_picture(&self, profile: &str, group: &str, file: Vec<u8>) -> Result<Group, ClientError> {
        let target = path(&["profiles", profile, "groups", group, "picture"]);
        self.send_bytes(Method::PUT, &target, file).await
    }

    /// Lets people in.
    pub async fn add_members(&self, profile: &str, group: &str, body: &AddMembers) -> Result<Group, ClientError> {
        let target = path(&["profiles", profile, "groups", group, "members"]);
        self.send(Method::POST, &target, Some(body)).await
    }

    /// Puts somebody out.
    pub async fn remove_member(&self, profile: &str, group: &str, person: &str) -> Result<Group, ClientError> {
        let target = path(&["profiles", profile, "groups", group, "members", person]);
        self.send(Method::DELETE, &target, NOTHING).await
    }

    /// Makes a member an admin.
    pub async fn make_admin(&self, profile: &str, group: &str, person: &str) -> Result<Group, ClientError> {
        let target = path(&["profiles", profile, "groups", group, "admins", person]);
        self.send(Method::PUT, &target, NOTHING).await
    }

    /// Ends our being an admin.
    pub async fn step_down(&self, profile: &str, group: &str) -> Result<Group, ClientError> {
        let target = path(&["profiles", profile, "groups", group, "admin"]);
        self.send(Method::DELETE, &target, NOTHING).await
    }

    /// Answers an invitation: `accept` or `decline`.
    pub async fn answer_invitation(&self, profile: &str, group: &str, answer: &str) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "groups", group, answer]);
        self.send(Method::POST, &target, NOTHING).await
    }

    /// Answers somebody who asks to be let in: `accept` or `decline`.
    pub async fn answer_group_request(
        &self,
        profile: &str,
        group: &str,
        person: &str,
        answer: &str,
    ) -> Result<Group, ClientError> {
        let target = path(&["profiles", profile, "groups", group, "requests", person, answer]);
        self.send(Method::POST, &target, NOTHING).await
    }

    /// What happened to a group since it was founded.
    pub async fn group_events(&self, profile: &str, group: &str) -> Result<Vec<GroupEvent>, ClientError> {
        let target = path(&["profiles", profile, "groups", group, "events"]);
        self.send(Method::GET, &target, NOTHING).await
    }

    /// How far a message of ours in a group got, per member.
    pub async fn receipts(&self, profile: &str, message: &str) -> Result<Vec<Receipt>, ClientError> {
        let target = path(&["profiles", profile, "messages", message, "receipts"]);
        self.send(Method::GET, &target, NOTHING).await
    }

    /// Leaves a chat.
    pub async fn leave(&self, profile: &str, chat: &str) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "leave"]);
        self.send(Method::POST, &target, NOTHING).await
    }
}
