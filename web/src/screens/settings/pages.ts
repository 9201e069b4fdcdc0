/** The pages of the settings. */
import Archive from '@lucide/svelte/icons/archive';
import Bell from '@lucide/svelte/icons/bell';
import HardDrive from '@lucide/svelte/icons/hard-drive';
import Globe from '@lucide/svelte/icons/languages';
import Info from '@lucide/svelte/icons/info';
import KeyRound from '@lucide/svelte/icons/key-round';
import MonitorSmartphone from '@lucide/svelte/icons/monitor-smartphone';
import Palette from '@lucide/svelte/icons/palette';
import Shield from '@lucide/svelte/icons/shield';
import User from '@lucide/svelte/icons/user-round';
import Waypoints from '@lucide/svelte/icons/waypoints';

export const PAGES = [
  { id: 'profile', title: 'settings.profile', icon: User },
  { id: 'privacy', title: 'settings.privacy', icon: Shield },
  { id: 'notifications', title: 'settings.notifications', icon: Bell },
  { id: 'appearance', title: 'settings.appearance', icon: Palette },
  { id: 'language', title: 'settings.language', icon: Globe },
  { id: 'node', title: 'settings.node', icon: Waypoints },
  { id: 'devices', title: 'settings.devices', icon: MonitorSmartphone },
  { id: 'backup', title: 'settings.backup', icon: Archive },
  { id: 'storage', title: 'settings.storage', icon: HardDrive },
  { id: 'security', title: 'settings.security', icon: KeyRound },
  { id: 'about', title: 'settings.about', icon: Info },
] as const;
