#!/bin/sh
# Rebuilds the vendored files from the lock file. Needs Node and npm; run it in a copy of the folder, so that
# node_modules stays out of the tree, then compare: diff -r COPY src/foretell/web/static/vendor
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund
for part in codemirror katex; do
  out=../codemirror.js
  if [ "$part" = katex ]; then out=../katex/katex.min.js; fi
  ./node_modules/.bin/esbuild "$part.entry.js" --bundle --format=esm --target=es2020 --minify --legal-comments=none --outfile="$out"
done
mkdir -p ../katex/fonts
cp node_modules/katex/dist/fonts/*.woff2 ../katex/fonts/
# Only woff2 is shipped; the other sources of each @font-face would be dead links.
sed -E 's/,url\([^)]*\.(woff|ttf)\) format\("(woff|truetype)"\)//g' node_modules/katex/dist/katex.min.css > ../katex/katex.min.css
cp node_modules/katex/LICENSE ../katex/LICENSE
for package in node_modules/@codemirror/* node_modules/@lezer/* node_modules/@marijn/* node_modules/crelt node_modules/style-mod node_modules/w3c-keyname; do
  printf '== %s %s\n\n' "${package#node_modules/}" "$(node -p "require('./$package/package.json').version")"
  cat "$package/LICENSE"
  printf '\n'
done > ../codemirror.LICENSE
rm -rf node_modules
cd ..
find . -type f \( -name '*.js' -o -name '*.css' -o -name '*.woff2' -o -name '*LICENSE' \) ! -path './rebuild/*' | LC_ALL=C sort | sed 's|^\./||' | xargs sha256sum > SHA256SUMS
