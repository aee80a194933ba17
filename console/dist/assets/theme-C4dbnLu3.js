// Runs before the first paint; see build/theme-boot.ts. The key is the only thing the console keeps in
// localStorage, and must match STORAGE_KEY in theme.ts.
try {
  const chosen = localStorage.getItem('claviger-theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
  // Storage may be blocked; the system's theme is then used.
}
