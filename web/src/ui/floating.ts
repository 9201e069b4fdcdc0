/**
 * Something that floats above the page at a place: shown in the browser's top layer, kept inside the window, closed by a
 * press elsewhere, by scrolling and by Escape, and focus goes back where it was.
 *
 * Not `popover=auto`: a menu that opens while the right button is down would be closed by letting it go.
 */
export interface Floating {
  at: { x: number; y: number };
  onclose: () => void;
}

export function floating(node: HTMLElement, { at, onclose }: Floating) {
  const before = document.activeElement;
  node.showPopover();
  const size = node.getBoundingClientRect();
  const rtl = getComputedStyle(node).direction === 'rtl';
  const x = rtl ? at.x - size.width : at.x;
  node.style.left = `${Math.max(8, Math.min(x, innerWidth - size.width - 8))}px`;
  const above = at.y - size.height - 8;
  const y = at.y + size.height <= innerHeight - 8 ? at.y : above >= 8 ? above : innerHeight - size.height - 8;
  node.style.top = `${Math.max(8, y)}px`;

  const press = (event: Event) => { if (!node.contains(event.target as Node)) onclose(); };
  const key = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    onclose();
  };
  window.addEventListener('pointerdown', press, true);
  window.addEventListener('wheel', press, { capture: true, passive: true });
  window.addEventListener('keydown', key, true);
  window.addEventListener('resize', onclose);
  return {
    destroy() {
      window.removeEventListener('pointerdown', press, true);
      window.removeEventListener('wheel', press, true);
      window.removeEventListener('keydown', key, true);
      window.removeEventListener('resize', onclose);
      if (before instanceof HTMLElement && document.contains(before)) before.focus();
    },
  };
}
