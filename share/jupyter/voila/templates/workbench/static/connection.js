// A page whose kernel is gone (the server stopped, the laptop slept too long) still shows numbers,
// and its controls move, but nothing follows them. Ask now and then, and say so.

const SECONDS = 10;

async function isConnected() {
  const { baseUrl, kernelId } = JSON.parse(
    document.getElementById("jupyter-config-data").textContent);
  try {
    return (await fetch(`${baseUrl}api/kernels/${kernelId}`)).ok;
  } catch {
    return false; // no server answers
  }
}

async function look() {
  if (document.hidden) return;
  document.getElementById("wb-lost").hidden = await isConnected();
}

window.addEventListener("load", () => {
  setInterval(look, SECONDS * 1000);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("change", look);
});
