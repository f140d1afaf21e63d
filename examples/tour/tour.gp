# SPDX-License-Identifier: MIT
# The picture of `tour`, which writes what is used here: the tables, $points, n, names, title,
# steps, lowest, highest and the ranges of the plane.
set terminal svg noenhanced size 1220,580 font "Helvetica,15" background "white"
set output "tour.svg"
set datafile separator ","
set multiplot title title font ",18"
set border linecolor "gray40"
set tics nomirror
set tmargin at screen 0.91
set bmargin at screen 0.13

# Later lines are thinner, so that those below can be seen. The colours suit the colour-blind.
colours = "#000000 #e69f00 #56b4e9 #009e73 #882255 #0072b2 #d55e00 #999933 #cc79a7"
do for [i = 1:n] { set linetype i linecolor rgb word(colours, i) linewidth 4.4 - 0.4 * i pointtype 7 }
set style line 20 linecolor "black" linewidth 2 pointsize 1.3
of(name, value) = strcol(1) eq name ? value : NaN
minimum(global) = strcol(1) eq "minimum" && $2 == global ? $3 : NaN

# Left: the ways over contours, each of which encloses 5 % more of the plane.
set lmargin at screen 0.07
set rmargin at screen 0.465
set view map
set contour base
set cntrparam levels incremental 0.05, 0.05, 0.95
set palette defined (0 "#8fa3bd", 1 "#dfe5ee")
unset colorbox
set xlabel "x" offset 0, 0.4
set ylabel "y"
unset key
splot "tour_surface.csv" with lines linecolor palette linewidth 1 nosurface, \
  for [i = 1:n] "tour.csv" skip 1 using (of(names[i], $3)):4:(0) with lines linetype i nocontour, \
  $points using (minimum(1)):4:(0) with points linestyle 20 pointtype 3 nocontour, \
  $points using (minimum(0)):4:(0) with points linestyle 20 pointtype 2 nocontour, \
  $points using (of("start", $3)):4:(0) with points linestyle 20 pointtype 5 pointsize 0.9 nocontour, \
  for [i = 1:n] $points using (of(names[i], $3)):4:(0) with points linetype i pointsize 0.7 nocontour

# Right: the values on the way.
unset contour
set lmargin at screen 0.54
set rmargin at screen 0.81
set key at screen 0.825, 0.91 left top Left reverse samplen 2 spacing 1.3
set xrange [1:steps > 1 ? steps : 2]
set yrange [lowest:highest]
set logscale x
set grid linecolor "gray90"
set xlabel "step"
set ylabel "value" offset 1, 0
plot for [i = 1:n] "tour.csv" skip 1 using (of(names[i], $2)):5 with lines linetype i title names[i], \
  NaN with points linestyle 20 pointtype 5 pointsize 0.9 title "start", \
  NaN with points linecolor "gray40" pointtype 7 pointsize 0.7 title "end", \
  NaN with points linestyle 20 pointtype 3 title "global minimum", \
  NaN with points linestyle 20 pointtype 2 title "local minimum"
