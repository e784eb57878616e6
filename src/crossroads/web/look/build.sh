#!/bin/sh
# Builds ../static from the packages that package.json pins: styles, font, scripts, and the licences of each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
static="$here/../static"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/package.json" "$here/look.scss" "$work"
cd "$work"
npm install --no-package-lock --no-audit --no-fund --ignore-scripts --silent
npx --no-install sass --quiet-deps --style=compressed --no-source-map --load-path=node_modules look.scss look.css
font=node_modules/@fontsource/atkinson-hyperlegible-next
mkdir -p "$static/fonts" "$static/licences"
cp look.css "$static/look.css"
cp node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js "$static/govuk-frontend.js"
sed -i '/^\/\/# sourceMappingURL/d' "$static/govuk-frontend.js"
sed -i "1s/^\xEF\xBB\xBF//" "$static/look.css"
for set in latin latin-ext; do
  for weight in 400 700; do
    cp "$font/files/atkinson-hyperlegible-next-$set-$weight-normal.woff2" "$static/fonts"
  done
done
cp "$font/LICENSE" "$static/licences/atkinson-hyperlegible-next.txt"
cp "$here/govuk-frontend.LICENSE.txt" "$static/licences/govuk-frontend.txt"
cp node_modules/axe-core/axe.min.js "$here/../../../../tests/browser/axe.js"
cp node_modules/axe-core/LICENSE "$here/../../../../tests/browser/axe.LICENSE.txt"
