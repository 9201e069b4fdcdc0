// Puts the session's key where the app takes it from at its start, and goes there.
// The app takes it out again at once: see web/src/api/door.ts.
"use strict";
const key = document.querySelector('meta[name="undertone-key"]').content;
sessionStorage.setItem("undertone.key", key);
// What stands after the # says where in the app to go.
location.replace(`/${location.hash}`);
