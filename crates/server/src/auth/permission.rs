//! The permission matrix: everything that can be done, and the least role that may. One list, which a test prints whole.

use super::role::Role;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $key:literal $role:ident,)*) => {
        /// Something that can be done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// All, in the order of the matrix.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// As messages and the matrix name it.
            pub(crate) fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// The least role.
            pub(crate) fn least(self) -> Role {
                match self { $(Self::$name => Role::$role,)* }
            }
        }
    };
}

impl Permission {
    /// Roles of an incident whose holders may do it there, and their deputies, whatever less their account may.
    pub(crate) fn held(self) -> &'static [&'static str] {
        match self {
            Self::AssignRole | Self::Severity | Self::End | Self::Postmortem | Self::Retry => &[LEAD],
            Self::PostUpdate => &[LEAD, "communications_lead"],
            _ => &[],
        }
    }
}

/// The role that leads an incident; where it asks for none or nobody holds it, whoever is on call for it leads.
pub(crate) const LEAD: &str = "incident_commander";

permissions! {
    /// Incidents that are not restricted, alerts, services, postmortems, reports.
    View = "see incidents, alerts, services, postmortems and reports" Viewer,
    /// One's own sessions, tokens and password.
    OwnAccount = "look after one's own password, sessions and tokens" Viewer,
    Declare = "declare an incident" Responder,
    Acknowledge = "acknowledge an incident" Responder,
    Note = "write into the timeline" Responder,
    Tasks = "add and complete tasks and action items" Responder,
    Approve = "say go or no-go to a mitigation" Responder,
    SeeDead = "see what could not be delivered" Responder,
    SeeEvidence = "fetch evidence by its hash" Responder,
    Silence = "silence alerts and end silences" Responder,
    OnCall = "put somebody else on call for a while" Responder,
    TakeRole = "take a role in an incident that nobody has accepted" Responder,
    Subscribe = "receive notifications on a device" Responder,
    AssignRole = "assign roles in an incident" Commander,
    Severity = "change severity, kind and who sees it" Commander,
    PostUpdate = "post an update to any audience" Commander,
    End = "resolve, reopen, call off and merge incidents" Commander,
    Postmortem = "ask for a postmortem and edit it" Commander,
    Retry = "retry what could not be delivered" Commander,
    Maintenance = "announce maintenance on the status page" Commander,
    SeeRestricted = "see restricted incidents that one is no member of" Admin,
    People = "make accounts, change roles, end other people's sessions" Admin,
    Tokens = "see and revoke other people's tokens" Admin,
    Webhooks = "manage outgoing webhooks" Admin,
    Subscribers = "see and remove subscribers of the status page" Admin,
    Audit = "read the audit log" Admin,
    Settings = "see and test what is configured" Admin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permission_matrix() {
        let mut text = format!("{:<62}", "");
        Role::ALL.iter().for_each(|role| text.push_str(&format!("{:<11}", role.as_str())));
        for permission in Permission::ALL {
            text.push_str(&format!("\n{:<62}", permission.key()));
            for role in Role::ALL {
                text.push_str(if role >= permission.least() { "yes        " } else { "-          " });
            }
        }
        let text: Vec<&str> = text.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(text.join("\n"));
        let mut held = String::new();
        for permission in Permission::ALL.iter().filter(|p| !p.held().is_empty()) {
            held.push_str(&format!("{}: {}\n", permission.key(), permission.held().join(", ")));
        }
        insta::assert_snapshot!(held, @"
        assign roles in an incident: incident_commander
        change severity, kind and who sees it: incident_commander
        post an update to any audience: incident_commander, communications_lead
        resolve, reopen, call off and merge incidents: incident_commander
        ask for a postmortem and edit it: incident_commander
        retry what could not be delivered: incident_commander
        ");
    }
}
