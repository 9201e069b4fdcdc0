/**
 * The compiler checks here that what the daemon describes is what the app reads: each generated type has to fit the one in
 * `types.ts`. Nothing of this is in the built app.
 */
import type * as Daemon from './generated.ts';
import type * as App from './types.ts';

type Fits<Wanted, Given extends Wanted> = Given;

export type Checked = [
  Fits<App.Account, Daemon.Account>,
  Fits<App.Activity, Daemon.Activity>,
  Fits<App.Backups, Daemon.Backups>,
  Fits<App.Chat, Daemon.Chat>,
  Fits<App.Contact, Daemon.Contact>,
  Fits<App.DaemonStatus, Daemon.DaemonStatus>,
  Fits<App.Group, Daemon.Group>,
  Fits<App.GroupEvent, Daemon.GroupEvent>,
  Fits<App.Receipt, Daemon.Receipt>,
  Fits<App.MadePreview, Daemon.MadePreview>,
  Fits<App.Message, Daemon.Message>,
  Fits<App.NodeStatus, Daemon.NodeStatus>,
  Fits<App.Settings, Daemon.Settings>,
  Fits<App.Trace, Daemon.Trace>,
  Fits<App.Frame, Daemon.Frame>,
];
