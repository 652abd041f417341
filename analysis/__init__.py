"""Analyses for electoral field campaigns; knows nothing of Streamlit."""

import os

__version__ = "0.1.0"

# Work on many bureaux shares the cores in threads of its own, and pages have one each: those that
# linear algebra adds would only wait for one another. It reads this when it is first loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# GDAL opens a hundred formats, and some of them make it read any other file or ask any other
# machine, whatever the name of the one that it was given. It knows those that Palier reads and
# writes: what it is to leave out it must be told before a first module loads it.
# https://gdal.org/en/stable/user/configoptions.html#driver-management
os.environ["OGR_SKIP"] = (
    "ADBC,AIVector,AVCBin,AVCE00,AmigoCloud,CSV,CSW,Carto,DGN,DXF,EDIGEO,EEDA,Elasticsearch,GDALG,"
    "GML,GPSBabel,GPX,GTFS,GeoRSS,HTTP,Idrisi,JML,LVBAG,MBTiles,MVT,MapInfo File,MapML,"
    "MiraMonVector,NGW,OAPIF,ODS,OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,OpenFileGDB,PCIDSK,PDF,PDS4,"
    "PGDUMP,PLSCENES,PMTiles,S57,SQLite,SXF,Selafin,VDV,VFK,VICAR,WAsP,WFS,XLSX"
)
# What is left would find no other machine: nothing here reads through the network by GDAL.
os.environ["CPL_VSIL_CURL_ALLOWED_FILENAME"] = "none"
