/** Hands a file to the person, the way the browser saves downloads. */
export function saveFile(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Long enough for a browser that asks where to put it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
